import { type Control, startControl } from '../local/control/index.js'
import { type LiveOptions, startLiveService } from '../local/reload/index.js'
import { ending, type Ground, type RunningService, startGround } from '../local/stack/index.js'
import { packageService } from '../local/template/index.js'
import { batchFacts, batchLine } from './batch.js'
import type { Command } from './command.js'
import { reloadLine, unlessStopping } from './reload-line.js'
import type { Stopping } from './signals.js'
import { localRunOf, noteLocalRun } from './target/index.js'
import type { Voice } from './voice.js'

export interface DevOptions {
  readonly brokerPort: number
  readonly dynamodbPort: number
  /** False with `--no-package`. */
  readonly package: boolean
  /** Port of the first function's inspector; undefined without `--inspect`. */
  readonly inspect?: number
}

/** `millrace dev`: the service in the current folder on a local stack, until it is told to stop. */
export const dev: Command<DevOptions> = async (options, { voice, stopping }) => {
  if (options.package && !(await packaged(voice, stopping))) return
  const log = (line: string) => voice.say('log', line, { line })
  const end = ending()
  try {
    const ports = { broker: options.brokerPort, dynamodb: options.dynamodbPort }
    const ground = await startGround({ ports, log })
    await end.add('the ground', ground.stop)
    let service: RunningService | undefined
    const running = () => ({ mappings: service?.running ?? [], brokers: ground.brokers })
    const control = await startControl({ running, log })
    await end.add('the control of the mappings', control.stop)
    const note = noteOf(ground, control, log)
    await end.add('the note of where it runs', note.remove)
    const begun = (started: RunningService): void => {
      service = started
      note.write(started)
    }
    const live = await startLiveService(ground, {
      ...liveOptions(ground, options, voice, begun, stopping.signal),
      log,
    })
    await end.add('the service', live.stop)
    await stopping.asked
    voice.say('stopping', 'finishing the batches in flight (Ctrl-C once more ends at once)')
  } finally {
    await end.stop()
  }
  voice.say('stopped', 'stopped')
}

/** False when it was told to stop meanwhile. */
export async function packaged(voice: Voice, { signal }: Stopping): Promise<boolean> {
  voice.say('packaging', 'packaging with serverless')
  const said: string[] = []
  try {
    await packageService('.', { signal, log: (line) => said.push(line) })
    return true
  } catch (error) {
    // Then serverless was ended, too.
    if (!signal.aborted) throw error
    for (const line of said) voice.say('log', line, { line })
    return false
  }
}

/** What tells the other commands where the service runs, as long as it does. */
function noteOf(
  ground: Ground,
  { url: lambdaUrl }: Control,
  log: (line: string) => void,
): { write(service: RunningService): void; remove(): void } {
  let remove = (): void => undefined
  return {
    write(service) {
      remove()
      const run = localRunOf(ground, service)
      const removed = run && noteLocalRun('.', { ...run, lambdaUrl })
      if (removed) remove = removed
      else if (run) log('another `millrace dev` runs in this folder: failures, ledger and replay work on that one')
    },
    remove: () => remove(),
  }
}

function liveOptions(
  ground: Ground,
  { inspect }: DevOptions,
  voice: Voice,
  note: (service: RunningService) => void,
  signal: AbortSignal,
): LiveOptions {
  return {
    serviceDir: '.',
    functionLog: (line, { functionName, requestId, pid }) =>
      voice.say('function', `${functionName} | ${line}`, { function: functionName, requestId, pid, line }),
    mapping: {
      onBatch: (attempt) => {
        const facts = batchFacts(attempt)
        voice.say('batch', batchLine(facts), facts)
      },
      // For programs: people have the mapping's log, and a commit follows each batch.
      onGroup: ({ kind, ...facts }) => voice.say(kind, undefined, facts),
    },
    ...(inspect === undefined ? {} : { inspectPort: inspect }),
    onInspector: ({ functionName, pid, url }) =>
      voice.say('inspector', `${functionName} listens for a debugger at ${url}`, { function: functionName, pid, url }),
    onStart: (service) => {
      note(service)
      introduce(ground, service, voice)
    },
    onReload: (event) => {
      const say = () => voice.say(...reloadLine(event))
      if (event.kind === 'failed') unlessStopping(signal, say)
      else say()
    },
    onRefused: (error, stopped) => {
      const goesOn = stopped ? 'nothing runs until that is mended and saved' : 'the service goes on as it was'
      unlessStopping(signal, () =>
        voice.say('refused', `${error.message}\n${goesOn}`, { message: error.message, stopped }),
      )
    },
  }
}

function introduce({ brokers, dynamodbUrl, embedded }: Ground, service: RunningService, voice: Voice): void {
  const { functions, mappings, tables } = service
  const names = tables.map(({ TableName }) => TableName)
  const store = embedded.store ? `in memory, ${embedded.store.engine}` : 'yours'
  voice.say(
    'listening',
    [
      `Kafka      ${brokers.join(',')} (${embedded.broker ? 'in memory' : 'yours'})`,
      `DynamoDB   ${dynamodbUrl} (${store})`,
      `tables     ${names.join(', ') || 'none'}`,
      `functions  ${functions.map(({ name }) => name).join(', ') || 'none'}`,
      ...mappings.map(({ topic, functionName, group, enabled }) =>
        enabled
          ? `mapping    ${topic} → ${functionName} as group ${group}`
          : `mapping    ${topic} → ${functionName} (disabled)`,
      ),
      'ready; Ctrl-C ends it',
    ].join('\n'),
    { brokers, dynamodbUrl, embedded, tables: names, functions: functions.map(({ name }) => name), mappings },
  )
}
