import type { MappingConfig } from './config.js'
import type { Attempt } from './deliver.js'
import type { Discard } from './discard.js'
import { envelopeOf } from './event.js'
import { compileFilters, filterQuota } from './filter/index.js'
import type { GroupEvent } from './group-event.js'
import { type HistoryEntry, remember } from './history.js'
import type { Log } from './kafka.js'
import { observers } from './observers.js'
import type { MappingOptions } from './options.js'
import type { EsmSwitches } from './switches.js'

/** What all pollers of a mapping deliver by, with every report kept, logged and handed on. */
export function deliveryOf(
  config: MappingConfig,
  options: MappingOptions & { readonly switches: EsmSwitches },
  log: Log,
  history: HistoryEntry[],
) {
  const { switches, invoke } = options
  const attempts = observers<Attempt>(log, options.onBatch)
  const discards = observers<Discard>(log, options.onDiscard)
  const group = observers<GroupEvent>(log, options.onGroup)
  const criteria = config.filterCriteria
  const filter = criteria === undefined ? undefined : compileFilters(criteria, config.id, switches.filterMismatch)
  let batches = 0
  if ((criteria?.Filters?.length ?? 0) > filterQuota.byDefault) {
    log(
      `it has more than ${filterQuota.byDefault} filters: Lambda takes them where AWS support has raised the account's quota`,
    )
  }
  return {
    config,
    switches,
    invoke,
    envelope: envelopeOf(config, options.brokers),
    filter,
    beforeInvoke: options.beforeInvoke ?? (() => undefined),
    backoffMs: options.retryBackoffMs ?? (switches.retryBackoff === 'none' ? () => 0 : doublingMs),
    now: Date.now,
    nextBatch: () => ++batches,
    onGroup: group.tell,
    onAttempt: (attempt: Attempt) => {
      remember(history, attempt)
      attempts.tell(attempt)
    },
    onDiscard: (discard: Discard) => {
      const { condition, records, destination } = discard
      const ids = records.map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}`)
      const where = destination === undefined ? 'DISCARDED' : `sent to ${destination}:`
      log(`${condition}: ${where} ${ids.length} records: ${ids.slice(0, 20).join(' ')}`)
      discards.tell(discard)
    },
  }
}

const doublingMs = (retry: number): number => Math.min(5000, 100 * 2 ** Math.min(retry - 1, 10))
