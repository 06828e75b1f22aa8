import type { Finding } from '../../lib/deployment/index.js'
import { type Check, found, ofMappings, type SubjectMapping } from './subject.js'

/** Invocations of one poller at a time (KAFKA-ESM §4). */
const perPoller = 5

/** What Lambda gives `MaximumPollers` where nobody says (KAFKA-ESM §4). */
const defaultMaximum = 200

/** The concurrency reserved for a function against what its mappings use at once: a partition is read by one consumer at a time. */
export const checkConcurrency: Check = (subject) => {
  const { ReservedConcurrentExecutions: reserved } = subject.properties
  const needed = subject.mappings.reduce((sum, mapping) => sum + invocationsOf(mapping), 0)
  if (reserved === undefined || reserved >= needed) return []
  const why = subject.mappings.some(({ planned }) => planned.settings.partitions !== undefined)
    ? 'a batch of each partition, as far as the pollers go'
    : 'one batch of each poller'
  const text = `its reservedConcurrency allows ${reserved} at once, but its events have up to ${needed} under way (${why}): the rest is throttled, and their partitions wait. Set reservedConcurrency to ${needed} or more, or lower the pollers`
  return [found('ML_CHECK_CONCURRENCY', subject, text)]
}

/** The invocations that a mapping may have under way: one for each partition, as far as known, and five for each poller. */
function invocationsOf({ planned, properties }: SubjectMapping): number {
  const { MinimumPollers: least = 1, MaximumPollers: most = defaultMaximum } = properties.ProvisionedPollerConfig ?? {}
  const { partitions } = planned.settings
  return partitions === undefined ? least : Math.min(partitions, most * perPoller)
}

/** Pollers beyond the partitions have nothing to read; those that are always there are paid for. */
export const checkIdle: Check = (subject) =>
  ofMappings(subject, (mapping): readonly Finding[] => {
    const { partitions } = mapping.planned.settings
    const { MinimumPollers: least = 1, MaximumPollers: most } = mapping.properties.ProvisionedPollerConfig ?? {}
    if (partitions === undefined) return []
    const [name, pollers] = least > partitions ? ['minimumPollers', least] : ['maximumPollers', most ?? partitions]
    if (pollers <= partitions) return []
    const text = `its ${name} is ${pollers}, but the topic has ${partitions} partitions, each read by one poller at a time: the others have nothing to do. Lower it to ${partitions}; for more at once within a partition, set the function's order to 'key' or 'none'`
    return [found('ML_CHECK_IDLE', subject, text, mapping)]
  })
