import type { EventSourceMappingConfiguration as Configuration, Lambda } from '@aws-sdk/client-lambda'
import type { StackFunction } from '../../deployment/index.js'
import { asError, MillraceError } from '../../errors.js'
import { localClient } from '../../local/store/index.js'
import { callLimits } from '../call-limits.js'
import type { MappingsPlace } from '../target/index.js'

export type { Configuration }

/** Lambda's API for the mappings of a stack. Its calls throw MillraceError `ML_LAMBDA_FAILED`. */
export interface MappingsApi {
  /** Of each function the mapping that reads its topic; undefined where Lambda has none. */
  find(functions: readonly StackFunction[]): Promise<readonly (Configuration | undefined)[]>
  /** @throws MillraceError `ML_MAPPING_MISSING` where it is gone */
  get(uuid: string): Promise<Configuration>
  /** Asks for it to be enabled or disabled, which takes a while. False where it is being changed just now. */
  turn(uuid: string, enabled: boolean): Promise<boolean>
  close(): void
}

/** What a client of AWS is made with. An account has 15 calls a second for all that Lambda is asked of mappings: a throttle is waited out. */
export const clientOptions = (place: MappingsPlace) => ({
  ...(place.kind === 'local' ? localClient(place.url) : place.region && { region: place.region }),
  ...{ requestHandler: callLimits, maxAttempts: 6 },
})

/** So many functions are asked for at once: a service of a hundred would be throttled for most. */
const atOnce = 5

/** Opens it: the one of AWS, or the same API of `millrace dev`. */
export async function openMappings(place: MappingsPlace): Promise<MappingsApi> {
  // Only who switches mappings waits for it to load.
  const { Lambda, paginateListEventSourceMappings } = await import('@aws-sdk/client-lambda')
  const client: Lambda = new Lambda(clientOptions(place))

  async function list(query: { readonly FunctionName?: string }): Promise<Configuration[]> {
    const all: Configuration[] = []
    for await (const { EventSourceMappings: page = [] } of paginateListEventSourceMappings({ client }, query))
      all.push(...page)
    return all
  }

  async function find(functions: readonly StackFunction[]): Promise<readonly (Configuration | undefined)[]> {
    const names = [...new Set(functions.map(({ deployed }) => deployed))]
    const listed: Configuration[] = []
    for (let from = 0; from < names.length; from += atOnce) {
      const some = names.slice(from, from + atOnce)
      const pages = await Promise.all(some.map((FunctionName) => list({ FunctionName }).catch(noneOfNobody)))
      listed.push(...pages.flat())
    }
    const found = functions.map((one) => listed.find((mapping) => isOf(mapping, one)))
    if (found.every((mapping) => mapping !== undefined)) return found
    // Of an alias or a version it is listed under that name, which nobody has told.
    const all = await list({})
    return functions.map((one, i) => found[i] ?? all.find((mapping) => isOf(mapping, one)))
  }

  return {
    find: (functions) => called('list the mappings', () => find(functions)),
    get: (uuid) => called(`tell of the mapping ${uuid}`, () => client.getEventSourceMapping({ UUID: uuid })),
    turn: (uuid, enabled) =>
      called(`${enabled ? 'enable' : 'disable'} the mapping ${uuid}`, async () => {
        try {
          await client.updateEventSourceMapping({ UUID: uuid, Enabled: enabled })
          return true
        } catch (error) {
          if (['ResourceInUseException', 'ResourceConflictException'].includes(asError(error).name)) return false
          throw error
        }
      }),
    close: () => client.destroy(),
  }
}

/** A function that is not there has no mappings. */
function noneOfNobody(error: unknown): Configuration[] {
  if (asError(error).name === 'ResourceNotFoundException') return []
  throw error
}

/** The function's name is in the ARN, before the alias or version where it has one. */
function isOf(mapping: Configuration, { deployed, topic, group }: StackFunction): boolean {
  const { FunctionArn: arn = '', Topics: topics = [] } = mapping
  const itsGroup = groupOf(mapping)
  return arn.split(':')[6] === deployed && topics.includes(topic) && (itsGroup === undefined || itsGroup === group)
}

const groupOf = ({
  AmazonManagedKafkaEventSourceConfig: managed,
  SelfManagedKafkaEventSourceConfig: own,
}: Configuration): string | undefined => managed?.ConsumerGroupId ?? own?.ConsumerGroupId

async function called<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    const { name, message } = asError(cause)
    if (name === 'ResourceNotFoundException')
      throw new MillraceError(
        'ML_MAPPING_MISSING',
        `Lambda cannot ${what}: it is gone; look with \`millrace status\`, or deploy again`,
        { cause },
      )
    throw new MillraceError(
      'ML_LAMBDA_FAILED',
      `Lambda does not ${what}: ${message || name}; look at the credentials (they need lambda:ListEventSourceMappings, GetEventSourceMapping and, to pause, UpdateEventSourceMapping), the region and the network`,
      { cause },
    )
  }
}
