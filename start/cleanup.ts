/** What has been started and has to be stopped, the last first. */
export interface Cleanup {
  add(what: string, stop: () => Promise<unknown> | unknown): void
  /** Stops everything, also where one of them fails to; answers what failed. Done once; later calls wait for the first. */
  run(): Promise<readonly string[]>
}

export function cleanup(): Cleanup {
  const stops: { what: string; stop: () => Promise<unknown> | unknown }[] = []
  let done: Promise<readonly string[]> | undefined

  async function stopAll(): Promise<readonly string[]> {
    const failures: string[] = []
    for (let next = stops.pop(); next !== undefined; next = stops.pop()) {
      try {
        await next.stop()
      } catch (error) {
        failures.push(`${next.what} did not stop: ${error instanceof Error ? error.message : error}`)
      }
    }
    return failures
  }
  return {
    add: (what, stop) => void stops.push({ what, stop }),
    run: () => {
      done ??= stopAll()
      return done
    },
  }
}
