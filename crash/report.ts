import type { Report } from './run.js'

/** A report for people: a table of the checks, what was done, and how it ended. */
export function reportText(report: Report): string {
  const { seed, kills, killsInClaim, produced, settled, convicted, lost, invocations, elapsedMs, checks } = report
  const width = Math.max(...checks.map(({ name }) => name.length))
  const rows = checks.map(({ name, ok, detail }) => `  ${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${detail}`)
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name)
  const moments = Object.entries(report.moments).map(([moment, count]) => `${count} ${moment}`)
  return [
    `Millrace crash test, seed ${seed}`,
    '',
    ...rows,
    '',
    `${kills} kills (${moments.join(', ')}), ${killsInClaim} of them with a claim in flight, in ${invocations} invocations`,
    `${produced} orders: ${settled} took effect, ${convicted} convicted by chance, ${lost} lost, in ${(elapsedMs / 1000).toFixed(1)} s`,
    failed.length === 0
      ? 'Every check held.'
      : `${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`,
    '',
  ].join('\n')
}
