/** Work that runs one after another, in the order it came. */
export class Turns {
  /** How much of it is under way, or waits. */
  pending = 0
  #last: Promise<unknown> = Promise.resolve()

  /** Runs it once what came before has ended, however it did. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.pending++
    const result = this.#last.then(work).finally(() => {
      this.pending--
    })
    this.#last = result.catch(() => {})
    return result
  }
}

/** The next turn may only begin when all of these have ended, even where one has failed. */
export async function allEnded(writes: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}
