import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isStackFunction, type StackFacts } from '../../deployment/index.js'
import type { Ground, RunningService } from '../../local/stack/index.js'

/** What `millrace dev` tells of itself while it runs. */
export interface LocalRun extends StackFacts {
  readonly pid: number
  readonly brokers: readonly string[]
  readonly dynamodbUrl: string
  /** Where its mappings are switched. */
  readonly lambdaUrl?: string
}

const fileOf = (serviceDir: string): string => resolve(serviceDir, '.millrace', 'dev.json')

/**
 * Notes in the folder of a service where it runs, for the other commands. Answers what takes the note away again; undefined where
 * another process runs there already, whose note stays.
 */
export function noteLocalRun(serviceDir: string, run: LocalRun): (() => void) | undefined {
  const file = fileOf(serviceDir)
  if ((readLocalRun(serviceDir)?.pid ?? run.pid) !== run.pid) return undefined
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, `${JSON.stringify(run, undefined, 2)}\n`)
  return () => {
    // Never another one's.
    if (readLocalRun(serviceDir)?.pid === run.pid) rmSync(file, { force: true })
  }
}

/** Where the service of a folder runs; undefined where it does not. What a process left behind that is gone counts for nothing. */
export function readLocalRun(serviceDir: string): LocalRun | undefined {
  let run: unknown
  try {
    run = JSON.parse(readFileSync(fileOf(serviceDir), 'utf8'))
  } catch {
    // None, or half of one: its writer is about to start, or was killed.
    return undefined
  }
  return isLocalRun(run) && lives(run.pid) ? run : undefined
}

function isLocalRun(value: unknown): value is LocalRun {
  if (typeof value !== 'object' || value === null) return false
  const {
    pid,
    brokers,
    dynamodbUrl,
    lambdaUrl = '',
    ledgerTable,
    failuresTable,
    functions,
  } = value as Record<keyof LocalRun, unknown>
  return (
    typeof pid === 'number' &&
    [dynamodbUrl, lambdaUrl, ledgerTable, failuresTable].every((one) => typeof one === 'string') &&
    Array.isArray(brokers) &&
    Array.isArray(functions) &&
    functions.every(isStackFunction)
  )
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process lives, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** What is to be noted of a service that runs on a ground; undefined where none of its functions has a ledger. */
export function localRunOf(
  { brokers, dynamodbUrl }: Pick<Ground, 'brokers' | 'dynamodbUrl'>,
  { functions, mappings }: Pick<RunningService, 'functions' | 'mappings'>,
  pid = process.pid,
): LocalRun | undefined {
  const [tables] = functions.flatMap(({ environment }) => {
    const { MILLRACE_LEDGER_TABLE: ledgerTable, MILLRACE_FAILURES_TABLE: failuresTable } = environment
    return ledgerTable && failuresTable ? [{ ledgerTable, failuresTable }] : []
  })
  if (tables === undefined) return undefined
  const read = mappings.map(({ functionName: deployed, topic, group }) => {
    const name = functions.find((one) => one.name === deployed)?.key ?? deployed
    return { name, deployed, topic, group, brokers }
  })
  return { pid, brokers, dynamodbUrl, ...tables, functions: read }
}
