import { asError } from '../../errors.js'

/** What could be learned, or why not. */
export type Known<T> = { readonly value: T } | { readonly unknown: string }

/** A look at one thing takes no longer, in milliseconds: the others are told all the same. */
const limitMs = 15_000

/** What the work answers, in bounded time. It never rejects. */
export async function known<T>(work: () => Promise<T>): Promise<Known<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return { value: await Promise.race([work(), late]) }
  } catch (error) {
    return { unknown: asError(error).message }
  } finally {
    clearTimeout(timer)
  }
}
