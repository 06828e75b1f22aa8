import type { Clock } from '../clock.js'
import { breachOf, handOver } from './answers.js'
import type { Acknowledgement, Sink, SinkRecord } from './contract.js'
import { abandonedEnvelope, type Envelope, envelopeOf, type Giver, toJson } from './envelope/index.js'
import type { FallbackSink } from './sink.js'

/**
 * Makes any sink the place for records given up on: each with its original key, and its envelope as JSON and as content.
 *
 * A record that such a sink does not acknowledge is reported and comes again, also where it answers `fallback`: there is nowhere
 * else to go. A record that is given up once more, its reason forgotten, or that Lambda went on without after all, is written
 * again under the same id.
 */
export function fallbackOf(sink: Sink, giver: Giver, clock: Pick<Clock, 'now'>): FallbackSink {
  async function writeAll(envelopes: readonly Envelope[], signal: AbortSignal): Promise<readonly Acknowledgement[]> {
    const answers = await handOver(
      sink,
      envelopes.map((envelope) => recordOf(envelope, giver)),
      signal,
    )
    return answers.map((answer, i) =>
      answer.ok || answer.status !== 'fallback' ? answer : nowhereElse(answer.error, i),
    )

    function nowhereElse(cause: Error, i: number): Acknowledgement {
      const what = `is the fallback and answered "fallback" for ${envelopes[i]?.id}: ${cause.message}`
      return { ok: false, error: breachOf(sink.name, what, cause) }
    }
  }
  return {
    write: (failures, signal) =>
      writeAll(
        failures.map((failure) => envelopeOf(failure, giver)),
        signal,
      ),
    abandon: (records, signal) =>
      writeAll(
        records.map((record) => abandonedEnvelope(record, giver, clock.now())),
        signal,
      ),
  }
}

function recordOf(envelope: Envelope, { group }: Giver): SinkRecord {
  const { id, topic, partition, offset, timestamp, key = null } = envelope
  return {
    ...{ id, key, source: { topic, partition, offset, timestamp, group } },
    value: Buffer.from(toJson(envelope)),
    headers: [],
    content: envelope,
  }
}
