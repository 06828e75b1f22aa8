import { type Stack, startStack } from '../local/stack/index.js'
import { packageService } from '../local/template/index.js'
import { batchFacts, batchLine } from './batch.js'
import type { Command } from './command.js'
import type { Stopping } from './signals.js'
import type { Voice } from './voice.js'

export interface DevOptions {
  readonly brokerPort: number
  readonly dynamodbPort: number
  /** False with `--no-package`. */
  readonly package: boolean
}

/** `millrace dev`: the service in the current folder on a local stack, until it is told to stop. */
export const dev: Command<DevOptions> = async (options, { voice, stopping }) => {
  if (options.package && !(await packaged(voice, stopping))) return
  const stack = await startStack({
    serviceDir: '.',
    ports: { broker: options.brokerPort, dynamodb: options.dynamodbPort },
    functionLog: (line, { functionName, requestId, pid }) =>
      voice.say('function', `${functionName} | ${line}`, { function: functionName, requestId, pid, line }),
    log: (line) => voice.say('log', line, { line }),
    mapping: {
      onBatch: (attempt) => {
        const facts = batchFacts(attempt)
        voice.say('batch', batchLine(facts), facts)
      },
    },
  })
  try {
    introduce(stack, voice)
    await stopping.asked
    voice.say('stopping', 'finishing the batches in flight (Ctrl-C once more ends at once)')
  } finally {
    await stack.stop()
  }
  voice.say('stopped', 'stopped')
}

/** False when it was told to stop meanwhile. */
async function packaged(voice: Voice, { signal }: Stopping): Promise<boolean> {
  voice.say('packaging', 'packaging with serverless')
  try {
    await packageService('.', { signal })
    return true
  } catch (error) {
    // Ctrl-C ends serverless too, and then it fails.
    if (signal.aborted) return false
    throw error
  }
}

function introduce(stack: Stack, voice: Voice): void {
  const { brokers, dynamodbUrl, embedded, functions, mappings, tables } = stack
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
