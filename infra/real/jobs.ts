import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Counted } from './report.js'

/** Kafka and DynamoDB, wherever they are. */
export interface Systems {
  readonly brokers: string
  readonly dynamodbUrl: string
}

/** A job of this project that takes its systems from the environment and prints a JSON report with checks. */
export interface Job {
  readonly name: string
  /** The program with its arguments. */
  readonly args: readonly string[]
  /** The folder that takes what it writes beside its report. */
  readonly logs: string
}

/** Runs a job of checks on the given systems, as a user would: by the environment alone. */
export async function runJob({ name, args, logs }: Job, systems: Systems, signal: AbortSignal): Promise<Counted> {
  const log = createWriteStream(join(logs, `${name}.log`))
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, KAFKA_BROKERS: systems.brokers, AWS_ENDPOINT_URL_DYNAMODB: systems.dynamodbUrl },
  })
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  child.stderr.pipe(log, { end: false })
  const abort = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', abort)
  const [status] = await once(child, 'close')
  signal.removeEventListener('abort', abort)
  signal.throwIfAborted()
  log.end(text)
  return { name, ...outcome(status, checksOf(text)) }
}

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail?: string
}

/** What a job came to; one that fails without a failed check to show counts as one failure. */
export function outcome(status: number | null, checks: readonly Check[]): Omit<Counted, 'name'> {
  const failures = checks.filter(({ ok }) => !ok).map(({ name, detail = '' }) => `${name}: ${detail}`)
  if (checks.length === 0) failures.push(`no report came of it (exit ${status})`)
  else if (status !== 0 && failures.length === 0) failures.push(`exit ${status}, though every check held`)
  return { passed: checks.filter(({ ok }) => ok).length, failures }
}

function checksOf(text: string): readonly Check[] {
  try {
    return (JSON.parse(text) as { checks: readonly Check[] }).checks
  } catch {
    return [] // no report: said by the outcome
  }
}
