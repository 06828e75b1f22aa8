/** What was started, to be stopped in reverse order. */
export interface Ending {
  /**
   * To be stopped before everything that was added earlier; `what` names it where it does not. Once stopped, what is added is
   * stopped at once: it was still starting when all was broken off.
   */
  add(what: string, stop: () => unknown): Promise<void>
  /** Stops everything, one after the other, also where one fails; answers what failed. Calling it again waits for the same end. */
  run(): Promise<readonly string[]>
  /** As {@link run}. @throws AggregateError with whatever failed */
  stop(): Promise<void>
}

/** `limitMs` is how long one of them may take, in milliseconds; what takes longer is left alone. Default: without a limit. */
export function ending({ limitMs }: { readonly limitMs?: number } = {}): Ending {
  const stops: { what: string; stop: () => unknown }[] = []
  const failures: { readonly what: string; readonly error: unknown }[] = []
  let stopping: Promise<void> | undefined

  const stopOne = async ({ what, stop }: (typeof stops)[number]): Promise<void> => {
    try {
      await within(limitMs, stop)
    } catch (error) {
      failures.push({ what, error })
    }
  }
  const stopAll = async (): Promise<void> => {
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) await stopOne(next)
  }
  const once = (): Promise<void> => {
    stopping ??= stopAll()
    return stopping
  }
  return {
    add: async (what, stop) => {
      if (stopping) await stopOne({ what, stop })
      else stops.push({ what, stop })
    },
    run: async () => {
      await once()
      return failures.map(
        ({ what, error }) => `${what} did not stop: ${error instanceof Error ? error.message : error}`,
      )
    },
    stop: async () => {
      await once()
      throwIfAny(failures.map(({ error }) => error))
    },
  }
}

async function within(limitMs: number | undefined, stop: () => unknown): Promise<void> {
  if (limitMs === undefined) return void (await stop())
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    await Promise.race([stop(), late])
  } finally {
    clearTimeout(timer)
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
