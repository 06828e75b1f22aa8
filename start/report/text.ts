import type { Finished } from '../job.js'

/** A report for people: what was done, a table of the checks, and how it ended. */
export function reportText({ report, ground, elapsedMs, logs }: Finished): string {
  const { produced, settled, fallback, dropped, lost, held, reruns, redriven, discarded } = report
  const { recordsPerSecond, checks } = report
  const width = Math.max(...checks.map(({ name }) => name.length))
  const rows = checks.map(({ name, ok, detail }) => `  ${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${detail}`)
  const failed = checks.filter(({ ok }) => !ok).map(({ name }) => name)
  return [
    `Millrace main job, on ${ground}`,
    '',
    ...rows,
    '',
    `${produced} records: ${settled} ok, ${fallback} fallback, ${dropped} dropped, ${lost} lost; ${held} held, ${reruns} reruns`,
    `in the end ${redriven} of those given up on were redriven, and ${discarded} discarded`,
    `${recordsPerSecond} records per second over ${(elapsedMs / 1000).toFixed(1)} s, the killed worker's lease included`,
    `logs: ${logs}`,
    failed.length === 0
      ? 'Every check held.'
      : `${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`,
    '',
  ].join('\n')
}
