/** Choices, all made by one source of chance, so that they can be repeated. */
export interface Draw {
  /** a whole number from 0 up to, but not including, `n` */
  below(n: number): number
  /** true once in so many times */
  oneIn(n: number): boolean
  pick<T>(list: readonly T[]): T
  bytes(length: number): Buffer
}

/** `random`: numbers from 0 up to below 1. */
export function drawing(random: () => number): Draw {
  const below = (n: number) => Math.floor(random() * n)
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('there is nothing to pick from')
      return list[below(list.length)] as T
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}
