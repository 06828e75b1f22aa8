import { describe, expect, it } from 'vitest'
import type { KafkaEvent } from '../../event/index.js'
import { broker, committed, crash, mapping, ok, produce, producer, values } from './mapping.fixture.js'

const eu = { filterCriteria: { Filters: [{ Pattern: '{"value":{"region":["eu"]}}' }] } }
const from = (region: string, partition = 0) => ({ value: JSON.stringify({ region }), partition })
const regions = (event: KafkaEvent) =>
  Object.values(values(event))
    .flat()
    .map((value) => JSON.parse(value).region)

describe('a mapping with filters', () => {
  it('delivers what passes, in full batches, and commits past the rest with it', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(
      on,
      ['us', 'eu', 'us', 'eu', 'eu', 'us'].map((region) => from(region)),
    )
    const events: KafkaEvent[] = []
    const running = await mapping(on, (event) => ok(void events.push(event)), { ...eu, batchSize: 2 })
    await running.idle()
    expect(events.map(regions)).toEqual([['eu', 'eu'], ['eu']])
    expect(events.flatMap((event) => event.records['orders-0']?.map(({ offset }) => offset))).toEqual([1, 3, 4])
    expect(await committed(on)).toEqual({ 0: 6 })
  })

  it('commits filtered records no sooner than the function has succeeded with those that pass', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, [from('us'), from('eu')])
    const offsets: unknown[] = []
    const running = await mapping(
      on,
      async () => {
        offsets.push(await committed(on))
        return offsets.length < 2 ? crash : ok()
      },
      eu,
    )
    await running.idle()
    expect(offsets).toEqual([{ 0: 0 }, { 0: 0 }])
    expect(await committed(on)).toEqual({ 0: 2 })
  })

  it.each([
    ['at-once', 2],
    ['with-next-success', 0],
  ] as const)('commits a poll of which nothing passes %s, and comes to rest either way', async (filteredPollCommits, at) => {
    const on = await broker({ defaultPartitions: 1 })
    const send = await producer(on)
    await send.send({ topic: 'orders', messages: [from('us'), from('us')] })
    const running = await mapping(on, () => ok(), eu, { switches: { filteredPollCommits } })
    await running.idle()
    expect(await committed(on)).toEqual({ 0: at })
    await send.send({ topic: 'orders', messages: [from('eu'), from('us')] })
    await running.idle()
    expect(running.history).toHaveLength(1)
    expect(await committed(on)).toEqual({ 0: 4 })
  })

  it('says that an account has no more than five filters of itself', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, [from('eu')])
    const lines: string[] = []
    const [filter] = eu.filterCriteria.Filters
    const changes = { filterCriteria: { Filters: Array.from({ length: 6 }, () => filter) } }
    const running = await mapping(on, () => ok(), changes, { log: (line) => lines.push(line) })
    await running.idle()
    expect(lines.join('\n')).toContain('more than 5 filters')
    expect(running.history).toHaveLength(1)
  })

  it('is refused where Lambda would refuse its pattern', async () => {
    const on = await broker()
    const changes = { filterCriteria: { Filters: [{ Pattern: '{"key":["a"]}' }] } }
    await expect(mapping(on, () => ok(), changes)).rejects.toThrow('ML_LOCAL_FILTER_INVALID')
  })
})
