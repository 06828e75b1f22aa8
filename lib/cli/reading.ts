import type { Admin } from 'kafkajs'
import { asError, MillraceError } from '../errors.js'
import { kafkaClient, type MappingConfig, type Security } from '../local/esm/index.js'
import type { Service } from '../local/template/index.js'
import { usage, type Voice } from './voice.js'

/** Its mapping, by the name of the function in serverless.yml or as deployed, or by the mapping's logical id. */
export function mappingOf(
  { mappings, functions }: Pick<Service, 'mappings' | 'functions'>,
  name: string,
): MappingConfig {
  const deployed = functions.find((one) => one.key === name || one.name === name)?.name
  const found = mappings.filter(({ id, functionName }) => id === name || functionName === deployed)
  const [mapping, ...others] = found
  if (mapping && others.length === 0) return mapping
  const ids = (found.length > 0 ? found : mappings).map(({ id, topic }) => `${id} (${topic})`)
  throw usage(`${name} names ${found.length === 0 ? 'no mapping' : 'several mappings'}; give one of ${ids.join(', ')}`)
}

/** The same batches, from one poller, and nothing that is done where a function fails. */
export function onlyReading({ onFailureDestination: _, ...mapping }: MappingConfig): MappingConfig {
  return {
    ...mapping,
    minimumPollers: 1,
    maximumPollers: 1,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    bisect: false,
    enabled: true,
  }
}

/** Before all else that needs it, and says so once. @throws MillraceError `ML_LOCAL_KAFKA_UNREACHABLE` */
export async function reach(brokers: readonly string[]): Promise<void> {
  const admin = quietAdmin(brokers)
  try {
    await admin.connect()
  } catch (cause) {
    const where = brokers.join(', ')
    const message = `no Kafka broker answers at ${where}; start one with \`npx millrace broker\`, or look at --brokers and KAFKA_BROKERS`
    throw new MillraceError('ML_LOCAL_KAFKA_UNREACHABLE', message, { cause })
  } finally {
    await admin.disconnect()
  }
}

/** What fails is said by those who ask, once. */
const quietAdmin = (brokers: readonly string[], security?: Security): Admin =>
  kafkaClient('millrace-cli', brokers, () => {}, security).admin()

/** How the group of every replay into a function begins: it reads once, and is gone. */
export const replayGroup = 'millrace-replay-'

/** Deletes the group that was made for this, where it has come to be. */
export async function forget(
  brokers: readonly string[],
  group: string,
  voice: Voice,
  security?: Security,
): Promise<void> {
  const admin = quietAdmin(brokers, security)
  try {
    await admin.connect()
    await admin.deleteGroups([group])
  } catch (error) {
    const { groups: [failed] = [] } = error as { readonly groups?: readonly { readonly error?: { type?: string } }[] }
    if (failed?.error?.type === 'GROUP_ID_NOT_FOUND') return
    const line = `the group ${group} is left behind: ${asError(error).message}`
    voice.say('log', line, { line })
  } finally {
    await admin.disconnect()
  }
}
