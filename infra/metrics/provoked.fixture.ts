import { vi } from 'vitest'
import * as z from 'zod/mini'
import { handler as health } from '../../lib/health/index.js'
import { drop, fallback, hold, json, kafkaFunction, ok, retry, type Sink } from '../../lib/index.js'
import { invoke, kafkaEvent, type RecordSpec, testDeployment } from '../../lib/testing/index.js'
import { type SeenMetrics, watchMetrics } from './index.js'

const began = Date.now() - 60_000
const record = (
  offset: number,
  value: unknown = { key: `k${offset}` },
  more: Partial<RecordSpec> = {},
): RecordSpec => ({
  ...{ offset, value, timestamp: began + offset },
  ...more,
})

/** Has functions meet, on a real store, all that happens rarely, and answers what they have published. */
export async function provokedMetrics(): Promise<SeenMetrics> {
  const watch = watchMetrics()
  const written = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    for (const line of chunk.toString().split('\n')) watch.read(line)
    return true
  })
  const kept = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const deployment = await testDeployment({ topic: 'rare' })
  try {
    await provoke()
    await health()
  } finally {
    await deployment.stop()
    written.mockRestore()
    kept.mockRestore()
  }
  return watch.seen
}

const options = {
  value: json(z.object({ key: z.string() })),
  order: 'none',
  idempotencyKey: ({ value }: { value: { key: string } }) => value.key,
} as const

/** What the sink does not take. */
const full: Sink = {
  name: 'full',
  write: async (records) => records.map(() => ({ ok: false, error: new Error('full') })),
}

async function provoke(): Promise<void> {
  const answers = [ok(), drop('d'), fallback('f'), retry('r'), hold({ reason: 'h', forMs: 3_600_000 })]
  const handle = kafkaFunction(options, ({ offset }) => answers[offset])
  const deliver = (to: typeof handle, ...records: RecordSpec[]) =>
    invoke(to, kafkaEvent({ topic: 'rare', records }), { timeoutMs: 3_000 })
  // Each outcome, a duplicate, and what cannot be read.
  await deliver(handle, ...[0, 1, 2, 3, 4].map((offset) => record(offset)), record(5, { key: 'k0' }))
  // Of what is settled one comes again; what is open does not.
  await deliver(handle, record(0), record(6), record(7, Buffer.from([0xff])), record(8, { other: 1 }))
  // Another environment writes in between.
  await deliver(
    kafkaFunction(options, () => ok()),
    record(9),
  )
  await deliver(handle, record(10))
  // The topic begins anew.
  await deliver(handle, record(0, { key: 'new' }, { timestamp: began + 3_000 }))
  const at = (partition: number, offset = 0) => record(offset, { key: `p${partition}-${offset}` }, { partition })
  await deliver(
    kafkaFunction({ onSuccess: full }, () => ok([{ value: 1 }])),
    at(1),
  )
  const inOrder = kafkaFunction({ retry: { intervalMs: 60_000 } }, () => retry('not yet'))
  await deliver(inOrder, at(2), at(2, 1))
  const keeping = kafkaFunction({ retry: { attempts: 1, onExhausted: 'fail' } }, () => Promise.reject(new Error('no')))
  await deliver(keeping, at(3)).catch(() => undefined)
  await deliver(
    kafkaFunction({}, () => 'no outcome' as never),
    at(4),
  ).catch(() => undefined)
}
