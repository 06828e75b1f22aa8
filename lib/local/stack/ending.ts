/** What was started, to be stopped in reverse order. */
export interface Ending {
  /** To be stopped before everything that was added earlier. Once stopped, what is added is stopped at once. */
  add(stop: () => Promise<unknown> | unknown): Promise<void>
  /**
   * Stops everything, one after the other, also where one fails. Calling it again gives the same promise.
   *
   * @throws AggregateError with whatever failed
   */
  stop(): Promise<void>
}

export function ending(): Ending {
  const stops: (() => unknown)[] = []
  let stopping: Promise<void> | undefined
  const stopAll = async (): Promise<void> => {
    const failures: unknown[] = []
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
      try {
        await stop()
      } catch (error) {
        failures.push(error)
      }
    }
    throwIfAny(failures)
  }
  return {
    add: async (stop) => {
      if (stopping) await stop()
      else stops.push(stop)
    },
    stop: () => {
      stopping ??= stopAll()
      return stopping
    },
  }
}

/** Waits for all of them, also where one fails. @throws AggregateError with whatever failed */
export async function together(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  throwIfAny(results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])))
}

function throwIfAny(failures: readonly unknown[]): void {
  if (failures.length > 0) throw new AggregateError(failures, `could not stop: ${failures.map(String).join('; ')}`)
}
