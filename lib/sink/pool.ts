/** A connection that is opened at first use, shared by all uses, and closed when the last of them has ended. */
export interface Pool<C> {
  use<T>(work: (connection: C) => Promise<T>): Promise<T>
  /** What is under way ends first; what comes afterwards opens another. */
  close(): Promise<void>
}

export function pool<C>(open: () => C, close: (connection: C) => void | Promise<void>): Pool<C> {
  let current: { readonly connection: C; readonly uses: Set<Promise<unknown>> } | undefined
  let closing: Promise<void> = Promise.resolve()
  return {
    async use(work) {
      current ??= { connection: open(), uses: new Set() }
      const { connection, uses } = current
      const use = work(connection)
      uses.add(use)
      try {
        return await use
      } finally {
        uses.delete(use)
      }
    },
    close() {
      const closed = current
      current = undefined
      if (closed === undefined) return closing
      const end = async () => {
        await Promise.allSettled(closed.uses)
        await close(closed.connection)
      }
      closing = Promise.all([closing, end()]).then(() => {})
      return closing
    },
  }
}
