import { appendFileSync } from 'node:fs'
import { type Finding, findingsVariable, subjectOf } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'
import { apart, together } from '../together.js'

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
  const refusal = together(errors.map((error) => new MillraceError(error.code, textOf(error))))
  if (refusal) throw refusal
}

/** Adds to the file that collects findings. False where there is none. */
function noteFindings(findings: readonly Finding[]): boolean {
  const file = process.env[findingsVariable]
  if (!file) return false
  appendFileSync(file, findings.map((finding) => `${JSON.stringify(finding)}\n`).join(''))
  return true
}

/** The same for what was refused at once. */
export function noteRefusal(refusal: MillraceError): void {
  noteFindings(
    apart(refusal).map(({ code, message }) => ({
      code,
      severity: 'error',
      message: message.slice(`${code}: `.length),
    })),
  )
}

/** The same for what is only worth a line in the log. */
export const noteWarning = (message: string): boolean =>
  noteFindings([{ code: 'ML_PLUGIN_CONFIG', severity: 'warning', message }])

function textOf(finding: Finding): string {
  const subject = subjectOf(finding)
  return subject === '' ? finding.message : `${subject}: ${finding.message}`
}
