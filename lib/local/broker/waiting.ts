/** An answer that is given later, by whoever holds `answer`; only the first one counts. */
export interface Waiting<T> {
  readonly promise: Promise<T>
  readonly answer: (value: T) => void
}

export function waiting<T>(): Waiting<T> {
  let answer: (value: T) => void = () => undefined
  const promise = new Promise<T>((resolve) => {
    answer = resolve
  })
  return { promise, answer }
}
