/** The SDK has fifty sockets; this leaves some to the handlers. */
const callsAtOnce = 32

/** Pieces of at most `size` elements. */
export const chunks = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))

/** Makes calls side by side, not all at once; results in the order of the list. After a throw no further call is begun. */
export async function sideBySide<T, R>(list: readonly T[], call: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = list.entries()
  let failed = false
  const worker = async () => {
    for (const [i, one] of queue) {
      if (failed) return
      results[i] = await call(one).catch((error) => {
        failed = true
        throw error
      })
    }
  }
  await Promise.all(Array.from({ length: Math.min(callsAtOnce, list.length) }, worker))
  return results
}
