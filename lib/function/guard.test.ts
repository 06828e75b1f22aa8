import { describe, expect, it } from 'vitest'
import type { BatchResponse } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import { invoke } from '../testing/invoke.js'
import { guarded } from './guard.js'

const event = () => kafkaEvent({ topic: 't', records: [{ value: 'v' }, { value: 'w' }] })
const failed: BatchResponse = { batchItemFailures: [{ itemIdentifier: { partition: 't-0', offset: 1 } }] }
const failing = () =>
  guarded(async () => {
    throw new Error('the engine failed')
  })

describe('no middleware can turn the answer into another one (rule 6)', () => {
  it('lets the answer of the engine through, and middlewares see it', async () => {
    const seen: unknown[] = []
    const handler = guarded(async () => failed)
      .use({
        before: ({ event }) => void seen.push(event.bootstrapServers),
        after: ({ response }) => void seen.push(response),
      })
      .before(() => void seen.push('before'))
    expect(await invoke(handler, event())).toEqual(failed)
    expect(seen).toEqual(['127.0.0.1:9092', 'before', failed])
  })

  it('an onError that swallows the error makes the invocation fail', async () => {
    const handler = failing().onError((request) => {
      request.response = { batchItemFailures: [] }
    })
    await expect(invoke(handler, event())).rejects.toMatchObject({
      code: 'ML_ANSWER_REPLACED',
      cause: expect.objectContaining({ message: 'the engine failed' }),
    })
  })

  it('an onError that only looks lets the error through', async () => {
    await expect(
      invoke(
        failing().onError(() => {}),
        event(),
      ),
    ).rejects.toThrow('the engine failed')
  })

  it.each<[string, (request: { response: BatchResponse | null }) => void]>([
    ['replaces the answer', (request) => void Object.assign(request, { response: { batchItemFailures: [] } })],
    ['takes the answer away', (request) => void Object.assign(request, { response: null })],
    ['empties the answer', (request) => void request.response?.batchItemFailures.splice(0)],
    [
      'names another record',
      ({ response }) => {
        for (const { itemIdentifier } of response?.batchItemFailures ?? []) itemIdentifier.offset = 0
      },
    ],
  ])('an after that %s makes the invocation fail', async (_, after) => {
    const handler = guarded(async () => structuredClone(failed)).after(after)
    await expect(invoke(handler, event())).rejects.toThrow('ML_ANSWER_REPLACED')
  })

  it('a before that answers early, so that nothing is handled, makes the invocation fail', async () => {
    const handler = guarded(async () => failed).before(() => ({ batchItemFailures: [] }))
    await expect(invoke(handler, event())).rejects.toThrow('ML_ANSWER_REPLACED')
  })

  it('a before that takes records out of the event hides none from the engine', async () => {
    const offsets: number[] = []
    const handler = guarded(async ({ partitions }) => {
      for (const { records } of partitions) offsets.push(...records.map(({ offset }) => offset))
      return { batchItemFailures: [] }
    })
      .before(({ event }) => void event.records['t-0']?.splice(0))
      .before((request) => void Object.assign(request, { event: kafkaEvent({ topic: 't', records: [] }) }))
    await invoke(handler, event())
    expect(offsets).toEqual([0, 1])
  })

  it('a before may answer what is no Kafka event, a warm-up call for example', async () => {
    const handler = guarded(async () => failed).before(() => 'warm' as never)
    expect(await invoke(handler, { source: 'warmer' } as never)).toBe('warm')
  })

  it('refuses at once what is no middleware', () => {
    expect(() => guarded(async () => failed).use({} as never)).toThrow(/[Mm]iddleware/)
  })

  it('keeps invocations apart that overlap', async () => {
    const handler = guarded(async ({ partitions }) => ({
      batchItemFailures: partitions.flatMap(({ identifier, records }) =>
        records.map(({ offset }) => ({ itemIdentifier: { partition: identifier, offset } })),
      ),
    })).before(() => new Promise((resolve) => setImmediate(resolve)))
    const answers = await Promise.all([
      invoke(handler, kafkaEvent({ topic: 'a', records: [{}] })),
      invoke(handler, kafkaEvent({ topic: 'b', records: [{}, {}] })),
    ])
    expect(answers.map(({ batchItemFailures }) => batchItemFailures.length)).toEqual([1, 2])
  })
})
