import { appendFileSync } from 'node:fs'
import { type Finding, findingsVariable, subjectOf } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'

/**
 * Tells all findings at once: warnings to the log, and if there are errors they refuse the package. Where `millrace check` asks for them they go to
 * its file, and nothing is refused.
 *
 * @throws MillraceError of the code of the one error, or `ML_CHECKS_FAILED` where there are several
 */
export function reportFindings(findings: readonly Finding[], warn: (text: string) => void): void {
  if (noteFindings(findings)) return
  const errors = findings.filter(({ severity }) => severity === 'error')
  for (const finding of findings) if (finding.severity === 'warning') warn(`${finding.code}: ${textOf(finding)}`)
  const [first, ...others] = errors
  if (first === undefined) return
  if (others.length === 0) throw new MillraceError(first.code, textOf(first))
  const list = errors.map((error) => `\n- ${error.code}: ${textOf(error)}`).join('')
  throw new MillraceError('ML_CHECKS_FAILED', `${errors.length} findings keep the service from being deployed:${list}`)
}

/** Adds to the file that collects findings. False where there is none. */
export function noteFindings(findings: readonly Finding[]): boolean {
  const file = process.env[findingsVariable]
  if (!file) return false
  appendFileSync(file, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''))
  return true
}

function textOf(finding: Finding): string {
  const subject = subjectOf(finding)
  return subject === '' ? finding.message : `${subject}: ${finding.message}`
}
