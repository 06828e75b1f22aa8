import { isDeepStrictEqual } from 'node:util'
import { MillraceError } from '../../lib/errors.js'
import type { Resource } from '../serverless.js'

type Resources = Readonly<Record<string, Resource>>

/** What identifies a Kafka mapping of a template. */
interface Reader {
  readonly id: string
  readonly topic: unknown
  readonly group: unknown
  /** Brokers in any order, or the cluster's ARN. */
  readonly source: unknown
  /** What CloudFormation makes a new mapping for, besides another source. */
  readonly start: readonly unknown[]
}

/**
 * Refuses an update in which a new mapping has the group of one that the stack still has. CloudFormation deletes what is replaced, renamed or gone
 * only after it has made what is new, and Lambda answers 409: "An event source mapping with event source …, consumerGroupId … already exists". The
 * whole update would be rolled back.
 *
 * @param deployed the resources of the stack as it is
 * @param planned those it is to have
 * @throws MillraceError `ML_GROUP_TAKEN`
 */
export function refuseTakenGroups(deployed: Resources, planned: Resources): void {
  const before = readers(deployed)
  for (const reader of readers(planned)) {
    const taken = before.find((one) => one.group === reader.group && isDeepStrictEqual(one.source, reader.source))
    if (taken === undefined || (taken.id === reader.id && isDeepStrictEqual(taken.start, reader.start))) continue
    throw new MillraceError(
      'ML_GROUP_TAKEN',
      `mapping ${reader.id} of topic ${reader.topic} is to read as group "${reader.group}", which the deployed mapping ${taken.id} of topic ${taken.topic} still has; CloudFormation makes the new one before it deletes the old one, and Lambda takes a group for one mapping only. ${advice(taken, reader)}`,
    )
  }
}

/** Offsets and ledger belong to topic and group together: another topic loses nothing with the old group, the same topic loses both. */
function advice(taken: Reader, reader: Reader): string {
  if (taken.topic !== reader.topic) {
    return 'Give the event another consumerGroupId: with another topic, no offset and nothing in the ledger is lost by that'
  }
  const twice =
    'deploy once without the event and then again with it: offsets and ledger stay with the group, so that nothing is lost or done twice'
  if (taken.id !== reader.id) return `Keep the consumerGroupId, and ${twice}`
  return `Lambda ignores a startingPosition where the group has committed offsets: set it back; or ${twice}`
}

function readers(resources: Resources): readonly Reader[] {
  return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
    const { Topics, EventSourceArn, StartingPosition, StartingPositionTimestamp } = Properties
    if (Type !== 'AWS::Lambda::EventSourceMapping' || !Array.isArray(Topics)) return []
    const config = Properties.SelfManagedKafkaEventSourceConfig ?? Properties.AmazonManagedKafkaEventSourceConfig
    const group = (config as { ConsumerGroupId?: unknown } | undefined)?.ConsumerGroupId
    if (group === undefined) return []
    const source = EventSourceArn ?? brokersOf(Properties.SelfManagedEventSource)
    return [{ id, topic: Topics[0], group, source, start: [StartingPosition, StartingPositionTimestamp] }]
  })
}

function brokersOf(source: unknown): unknown {
  const brokers = (source as { Endpoints?: { KafkaBootstrapServers?: unknown } } | undefined)?.Endpoints
    ?.KafkaBootstrapServers
  return Array.isArray(brokers) ? [...brokers].sort() : brokers
}
