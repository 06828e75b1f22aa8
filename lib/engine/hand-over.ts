import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Outcome } from '../outcome/index.js'
import { type Acknowledgement, handOver, type SinkRecord } from '../sink/index.js'
import { acknowledge } from './acknowledge.js'
import { failAfterwards } from './effects.js'
import type { Engine, Failed } from './engine.js'
import type { Hold } from './hold.js'
import { sinkRecordsOf } from './outputs.js'
import { everything } from './record-sets.js'

/**
 * What a record that went well gives to be written, if anything; or that it cannot be, so that the record has failed.
 *
 * @throws MillraceError `ML_OUTCOME_UNKNOWN` where the function has no sink for it
 */
export function outputsOf(
  { onSuccess }: Engine,
  record: RawRecord,
  result: Outcome | Failed,
): readonly SinkRecord[] | Failed | undefined {
  if (result.status !== 'ok' || result.outputs === undefined || result.outputs.length === 0) return undefined
  if (onSuccess !== undefined) {
    try {
      return sinkRecordsOf(record, result.outputs, onSuccess.group)
    } catch (error) {
      return { status: 'failed', stage: 'process', error: asError(error) }
    }
  }
  throw new MillraceError(
    'ML_OUTCOME_UNKNOWN',
    'an output, and no sink for it; the function needs the option onSuccess',
  )
}

/**
 * Has the sinks write all that they have not acknowledged yet: the outputs of records that went well in one call, records given
 * up on in another. What succeeds or fails as one is written only where all of it may still succeed. Never throws.
 */
export async function handOverAll(engine: Engine, holds: readonly Hold[], signal: AbortSignal): Promise<void> {
  if (engine.onSuccess !== undefined && holds.some(({ unwritten }) => unwritten.size > 0)) {
    // A record given up on is no obstacle, once it is known that its own sink has it.
    if (engine.atomicity !== 'record') await acknowledge(engine, holds, signal)
    await writeOutputs(engine, writable(engine, holds), signal)
  }
  await acknowledge(engine, holds, signal)
}

function writable({ atomicity }: Engine, holds: readonly Hold[]): readonly Hold[] {
  const isWhole = (hold: Hold) => hold.isComplete(everything)
  if (atomicity === 'record') return holds.filter(({ stale }) => !stale)
  if (atomicity === 'partition') return holds.filter(isWhole)
  return holds.every(isWhole) ? holds : []
}

async function writeOutputs(engine: Engine, holds: readonly Hold[], signal: AbortSignal): Promise<void> {
  if (engine.onSuccess === undefined) return
  const due = holds.flatMap((hold) =>
    // In the order of offsets: runs of different lanes end as they please.
    hold.claimed.todo.flatMap((record) => {
      const outputs = hold.unwritten.get(record)
      return outputs === undefined ? [] : [{ hold, record, outputs }]
    }),
  )
  const answers = await handOver(
    engine.onSuccess.sink,
    due.flatMap(({ outputs }) => outputs),
    signal,
  )
  let next = 0
  for (const { hold, record, outputs } of due) {
    const failed = firstFailure(answers.slice(next, next + outputs.length))
    next += outputs.length
    // It may have failed otherwise meanwhile, or be under way again.
    if (hold.unwritten.get(record) !== outputs) continue
    if (failed === undefined) hold.unwritten.delete(record)
    else {
      const hopeless = failed.status === 'fallback'
      failAfterwards(engine, [hold], record, failed.error, { stage: 'sink', hopeless })
    }
  }
}

type Refusal = Extract<Acknowledgement, { readonly ok: false }>

/** Why not all of a record is written: the one that no other try would change, if there is one. */
function firstFailure(answers: readonly Acknowledgement[]): Refusal | undefined {
  const failures = answers.filter((answer): answer is Refusal => !answer.ok)
  return failures.find(({ status }) => status === 'fallback') ?? failures[0]
}
