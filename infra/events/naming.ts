import { createHash } from 'node:crypto'
import type { Naming } from '../serverless.js'
import type { DeclaredMapping } from './mappings.js'

/**
 * Gives each mapping a logical id of its own that changes with its cluster, topic and group.
 *
 * - osls keeps only letters and digits of a topic, so the mappings of `a.b`, `a-b` and `ab` would overwrite one another.
 * - CloudFormation takes another topic or group for a change in place, and Lambda changes neither: the stack is updated, and the mapping reads what
 *   it read before (aws-cloudformation/cloudformation-coverage-roadmap#2140). Under another id it makes a new mapping and then deletes the old one.
 */
export function makeLogicalIdsUnique(naming: Naming, mappings: readonly DeclaredMapping[]): void {
  const kafkaId = naming.getKafkaEventLogicalId.bind(naming)
  const mskId = naming.getMSKEventLogicalId.bind(naming)
  const suffix = (functionName: string, topic: string, cluster = ''): string => {
    const own = mappings.find((one) => one.functionName === functionName && one.settings.topic === topic)
    const whole = JSON.stringify([cluster, topic, own?.told.group])
    return createHash('sha256').update(whole).digest('hex').slice(0, 8)
  }
  naming.getKafkaEventLogicalId = (functionName, topic) => kafkaId(functionName, topic) + suffix(functionName, topic)
  naming.getMSKEventLogicalId = (functionName, cluster, topic) =>
    mskId(functionName, cluster, topic) + suffix(functionName, topic, cluster)
}
