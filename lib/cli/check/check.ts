import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finding, findingsVariable, subjectOf } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import { packageService } from '../../local/template/index.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { type CommonOptions, type ExitCode, exitCodes, type Voice } from '../voice.js'
import type { CheckOptions } from './index.js'

/** `millrace check`: packages the service into a folder that is removed again, and tells what the plugin found. */
export const check: Command<CheckOptions> = async (options, { voice, stopping }) =>
  tell(await findingsIn('.', options, stopping.signal), options, voice)

/** Says all findings, and answers the exit code. */
export function tell(findings: readonly Finding[], { json }: CommonOptions, voice: Voice): ExitCode {
  for (const finding of findings) voice.say('finding', lineOf(finding), finding)
  const code = findings.length === 0 ? exitCodes.ok : exitCodes.failed
  // For people: a program reads nothing but findings, and the exit code.
  if (json) return code
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const sum = `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`
  voice.say('checked', code === exitCodes.ok ? 'nothing found' : sum)
  return code
}

/**
 * What the plugin finds in the service of a folder. Creates nothing that stays, and needs neither network nor credentials.
 *
 * @throws MillraceError `ML_LOCAL_TEMPLATE` where it cannot be packaged for any other reason
 */
async function findingsIn(
  serviceDir: string,
  { stage }: CheckOptions,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-check-'))
  const file = join(dir, 'findings')
  try {
    const to = join(dir, 'package')
    const failure = await packageService(serviceDir, { to, stage, signal, env: { [findingsVariable]: file } }).then(
      () => undefined,
      (error: unknown) => error,
    )
    const findings = await readFindings(file)
    // What the plugin refuses at once stands among the findings; what serverless refuses does not.
    if (failure !== undefined && !findings?.some(({ severity }) => severity === 'error')) throw failure
    if (findings !== undefined) return findings
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      'nothing was checked, for the service does not use the plugin; add millrace/plugin to plugins in serverless.yml',
    )
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Undefined where the plugin has written none. */
async function readFindings(file: string): Promise<readonly Finding[] | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return text
    ?.split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Finding)
}

function lineOf(finding: Finding): string {
  const head = [finding.severity.padEnd('warning'.length), finding.code, subjectOf(finding)].join('  ').trimEnd()
  return `${head}\n  ${finding.message}\n`
}
