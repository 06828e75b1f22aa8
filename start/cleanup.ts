/** What takes longer to stop is left alone, in milliseconds. */
const patienceMs = 15_000

/** What has been started and has to be stopped, the last first. */
export interface Cleanup {
  /** What comes when everything is stopped already is stopped at once: it was still starting when the run was broken off. */
  add(what: string, stop: () => unknown): Promise<void>
  /** Stops everything, also where one of them fails to; answers what failed. */
  run(): Promise<readonly string[]>
}

export function cleanup(limitMs = patienceMs): Cleanup {
  const stops: { what: string; stop: () => unknown }[] = []
  const failures: string[] = []
  let over = false

  async function stopOne({ what, stop }: { what: string; stop: () => unknown }): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${limitMs / 1000} s`)), limitMs)
    })
    try {
      await Promise.race([stop(), late])
    } catch (error) {
      failures.push(`${what} did not stop: ${error instanceof Error ? error.message : error}`)
    } finally {
      clearTimeout(timer)
    }
  }
  return {
    async add(what, stop) {
      if (over) await stopOne({ what, stop })
      else stops.push({ what, stop })
    },
    async run() {
      over = true
      for (let next = stops.pop(); next !== undefined; next = stops.pop()) await stopOne(next)
      return failures
    },
  }
}
