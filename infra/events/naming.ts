import { createHash } from 'node:crypto'
import type { Naming } from '../serverless.js'

/** osls cuts a topic to this many characters, by event. */
const longest = { kafka: 158, msk: 79 }

/**
 * osls keeps only letters and digits of a topic in a logical id and raises the first, so the mappings of `a.b`, `a-b`,
 * `ab` and `Ab` overwrite one another. A topic that is changed so gets a hash of the whole; any other keeps its id.
 */
export function makeLogicalIdsUnique(naming: Naming): void {
  const kafkaId = naming.getKafkaEventLogicalId.bind(naming)
  const mskId = naming.getMSKEventLogicalId.bind(naming)
  naming.getKafkaEventLogicalId = (functionName, topic) =>
    `${kafkaId(functionName, topic)}${suffix(topic, longest.kafka)}`
  naming.getMSKEventLogicalId = (functionName, cluster, topic) =>
    `${mskId(functionName, cluster, topic)}${suffix(topic, longest.msk)}`
}

function suffix(topic: string, limit: number): string {
  if (topic.length <= limit && /^[a-z0-9][A-Za-z0-9]*$/.test(topic)) return ''
  return createHash('sha256').update(topic).digest('hex').slice(0, 8)
}
