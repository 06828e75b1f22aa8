/** Index of the first item for which `reached` holds, given that it holds for all after it; the length if for none. */
export function bisect<T>(items: readonly T[], reached: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (reached(items[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}

/** Index of the last of these rising numbers that is not beyond `limit`; -1 if all are. */
export function lastAtOrBefore(rising: readonly number[], limit: number): number {
  return bisect(rising, (one) => one > limit) - 1
}
