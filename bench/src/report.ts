import type { Costs, Result } from './result.js'

/** The results as text for people: one line each, notes and costs below it. */
export function table(results: readonly Result[]): string {
  const rows = results.map((one) => [
    one.name,
    `${digits(one.ours)} ${one.unit}`,
    digits(one.peer),
    digits(one.ratio),
    one.goal === null ? '' : `${goalText(one)} ${one.met ? 'met' : 'MISSED'}`,
  ])
  const head = ['', 'ours', 'peer', 'ratio', 'goal']
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  const below = ({ costs, note }: Result) => [
    ...(costs === undefined
      ? []
      : [`    for 1,000 records: ours ${costText(costs.ours)}; peer ${costText(costs.peer)}`]),
    ...(note === undefined ? [] : [`    ${note}`]),
  ]
  return [line(head), ...results.flatMap((one, i) => [line(rows[i] ?? []), ...below(one)])].join('\n')
}

const signs = { 'at least': '>=', 'at most': '<=', within: '±' } as const

const goalText = ({ goal, bound }: Result): string =>
  bound === 'within' ? `± ${Math.round(((goal ?? 1) - 1) * 100)} %` : `${signs[bound]} ${goal}`

const costText = ({ calls, writeUnits }: Costs): string =>
  `${digits(calls)} calls${writeUnits === undefined ? '' : `, ${digits(writeUnits)} write units`}`

/** Three digits that count, and no decimals for large figures. */
const digits = (value: number): string =>
  !Number.isFinite(value)
    ? '-'
    : value >= 100
      ? Math.round(value).toLocaleString('en-US')
      : String(Number(value.toPrecision(3)))
