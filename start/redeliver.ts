import type { RunningMapping } from '../lib/local/esm/index.js'
import { placeOf } from './orders/index.js'
import type { Effect, Redelivery } from './verify/index.js'
import { placesOf, type Watch } from './watch.js'

type Effects = ReadonlyMap<string, Effect>

/** Has a settled batch delivered once more, and looks at the orders table before and after. */
export async function deliverAgain(
  running: RunningMapping,
  watch: Watch,
  readEffects: () => Promise<Effects>,
): Promise<{ readonly effects: Effects; readonly redelivery: Redelivery | undefined }> {
  const before = await readEffects()
  const event = watch.settledBatch
  if (event === undefined) return { effects: before, redelivery: undefined }
  const { result, decision } = await running.redeliver(event)
  await running.idle()
  const effects = await readEffects()
  const batch = placesOf(event).map(placeOf)
  const failures =
    decision.kind === 'partial' ? [...decision.failures.values()].reduce((sum, { size }) => sum + size, 0) : 0
  const redelivery: Redelivery = {
    requestId: result?.requestId ?? '',
    kind: decision.kind === 'failed' ? decision.reason : (result?.kind ?? 'unreached'),
    batch,
    failures,
    effectsBefore: sum(before),
    effectsAfter: sum(effects),
  }
  return { effects, redelivery }
}

const sum = (effects: Effects): number => [...effects.values()].reduce((total, one) => total + one.effects, 0)
