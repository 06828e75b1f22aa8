/** Values by period; undefined where there is none. */
export type Series = readonly (number | undefined)[]

/**
 * The metric math that the alarms use, as CloudWatch documents it: `+ * / >` and parentheses. Missing values of a sum or product are 0, and so
 * is that of one of two series that are compared where the other has one; what is divided by zero is dropped.
 */
export function evaluate(expression: string, metrics: Readonly<Record<string, Series>>): Series {
  const tokens = expression.match(/[a-z]\w*|\d+|[-+*/>()]/g) ?? []
  const length = Math.max(...Object.values(metrics).map((series) => series.length))
  let at = 0
  const result = comparison()
  if (at !== tokens.length || typeof result === 'number') throw new Error(`no metric math: ${expression}`)
  return result

  function comparison(): Series | number {
    return chain(sum, ['>'], (_, a, b) => Number(a > b))
  }
  function sum(): Series | number {
    return chain(product, ['+'], (_, a, b) => a + b)
  }
  function product(): Series | number {
    return chain(operand, ['*', '/'], (operator, a, b) => (operator === '*' ? a * b : a / b))
  }
  function operand(): Series | number {
    const token = tokens[at++] ?? ''
    if (token === '(') {
      const inner = comparison()
      if (tokens[at++] !== ')') throw new Error(`no ) in ${expression}`)
      return inner
    }
    if (/^\d/.test(token)) return Number(token)
    const series = metrics[token]
    if (series === undefined) throw new Error(`${expression} uses ${token}, which is none of its metrics`)
    return series
  }

  type Operation = (operator: string, a: number, b: number) => number
  function chain(next: () => Series | number, operators: readonly string[], apply: Operation): Series | number {
    let left = next()
    while (operators.includes(tokens[at] ?? '')) {
      const operator = tokens[at++] ?? ''
      left = both(left, next(), (a, b) => apply(operator, a, b))
    }
    return left
  }

  function both(a: Series | number, b: Series | number, apply: (a: number, b: number) => number): Series | number {
    if (typeof a === 'number' && typeof b === 'number') return apply(a, b)
    return Array.from({ length }, (_, i) => {
      const [x, y] = [a, b].map((one) => (typeof one === 'number' ? one : one[i]))
      // A number stands wherever the series has a value.
      const isThere = [a, b].some((one) => typeof one !== 'number' && one[i] !== undefined)
      const value = isThere ? apply(x ?? 0, y ?? 0) : Number.NaN
      return Number.isFinite(value) ? value : undefined
    })
  }
}

/** Whether an alarm goes off at the end of such values: its last periods all exceed the threshold. */
export function goesOff(values: Series, { threshold, periods }: { threshold: number; periods: number }): boolean {
  const last = values.slice(-periods)
  return last.length === periods && last.every((value) => value !== undefined && value > threshold)
}
