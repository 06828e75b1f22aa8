import type { Differential } from './differential/index.js'

/** One part of the lane. */
export interface Counted {
  readonly name: string
  readonly passed: number
  /** One line each. */
  readonly failures: readonly string[]
}

/** What a run of the lane came to, as `.cache/reports/real.json` has it. */
export interface RealReport {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  /** Why nothing was run; absent where the lane ran. */
  readonly skipped?: string
  readonly parts: readonly (Counted & { readonly elapsedMs: number })[]
  readonly differential?: Differential
  readonly elapsedMs: number
}

/** A report for people. */
export function reportText({ passed, failed, skipped, parts, differential, elapsedMs }: RealReport): string {
  if (skipped !== undefined) return `skipped: ${skipped}\n`
  const lines = parts.flatMap((part) => [
    `  ${part.failures.length === 0 ? 'ok    ' : 'FAILED'}  ${part.name.padEnd(12)}  ${part.passed} passed, ${part.failures.length} failed, ${seconds(part.elapsedMs)}`,
    ...part.failures.map((failure) => `            ${failure}`),
  ])
  return [
    'Millrace on Apache Kafka and DynamoDB Local',
    '',
    ...lines,
    ...(differential ? ['', ...differentialLines(differential)] : []),
    '',
    `${passed} passed, ${failed} failed, in ${seconds(elapsedMs)}`,
    '',
  ].join('\n')
}

function differentialLines({ cases, equal, allowed, unexplained, stale }: Differential): string[] {
  const reasons = allowed.map(({ id, reason, source, cases }) => `  ${id} (${cases.length}): ${reason} [${source}]`)
  return [
    `${cases} cases answered by both: ${equal} equal, ${cases - equal - new Set(unexplained.map((one) => one.case)).size} with allowed differences only, ${unexplained.length} unexplained differences, ${stale.length} stale allowances`,
    ...(reasons.length > 0 ? ['allowed:', ...reasons] : []),
  ]
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
