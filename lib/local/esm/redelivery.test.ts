import { describe, expect, it } from 'vitest'
import type { InvokeResult } from '../worker/index.js'
import { broker, committed, crash, mapping, numbered, ok, produce, report, values } from './mapping.fixture.js'

const both = ['from-lowest', 'reported-only'] as const
const [p0, p1] = ['orders-0', 'orders-1']
const whole = '0:0 0:1 0:2 0:3 1:0 1:1'

/** What the function answers, delivery by delivery, and the deliveries that follow from it. */
const table: readonly {
  name: string
  answers: InvokeResult[]
  deliveries: Record<(typeof both)[number], string[]>
  /** What is committed when each delivery begins, where settled parts are committed at once. */
  atOnce: Record<(typeof both)[number], object[]>
}[] = [
  {
    name: 'one record in the middle',
    answers: [report([p0, 1])],
    deliveries: { 'from-lowest': [whole, '0:1 0:2 0:3'], 'reported-only': [whole, '0:1'] },
    atOnce: { 'from-lowest': [start(0, 0), start(1, 2)], 'reported-only': [start(0, 0), start(1, 2)] },
  },
  {
    name: 'the first and the last of a partition',
    answers: [report([p0, 3], [p0, 0]), report([p0, 3])],
    deliveries: { 'from-lowest': [whole, '0:0 0:1 0:2 0:3', '0:3'], 'reported-only': [whole, '0:0 0:3', '0:3'] },
    atOnce: {
      'from-lowest': [start(0, 0), start(0, 2), start(3, 2)],
      'reported-only': [start(0, 0), start(0, 2), start(3, 2)],
    },
  },
  {
    name: 'records of both partitions, and then a crash',
    answers: [report([p1, 0], [p0, 2]), crash],
    deliveries: {
      'from-lowest': [whole, '0:2 0:3 1:0 1:1', '0:2 0:3 1:0 1:1'],
      'reported-only': [whole, '0:2 1:0', '0:2 1:0'],
    },
    atOnce: {
      'from-lowest': [start(0, 0), start(2, 0), start(2, 0)],
      'reported-only': [start(0, 0), start(2, 0), start(2, 0)],
    },
  },
  {
    name: 'a record that was not in the event',
    answers: [report([p0, 1], [p0, 9])],
    deliveries: { 'from-lowest': [whole, whole], 'reported-only': [whole, whole] },
    atOnce: { 'from-lowest': [start(0, 0), start(0, 0)], 'reported-only': [start(0, 0), start(0, 0)] },
  },
]

function start(first: number, second: number): object {
  return { 0: first, 1: second }
}

describe.each(both)('redelivery %s', (redelivery) => {
  it.each(table)('after the report of $name', async ({ answers, deliveries }) => {
    const seen = await run({ redelivery }, answers)
    expect(seen.deliveries).toEqual(deliveries[redelivery])
    expect(seen.committed).toEqual(deliveries[redelivery].map(() => start(0, 0)))
  })

  it.each(table)('with settled parts committed at once, after the report of $name', async ({
    answers,
    atOnce,
    deliveries,
  }) => {
    const seen = await run({ redelivery, partialCommit: 'at-once' }, answers)
    expect(seen.deliveries).toEqual(deliveries[redelivery])
    expect(seen.committed).toEqual(atOnce[redelivery])
  })
})

/** Runs a mapping over six records until all of them are settled. */
async function run(switches: object, answers: readonly InvokeResult[]) {
  const on = await broker()
  await produce(on, [...numbered(4, 0), ...numbered(2, 1)])
  const seen = { deliveries: [] as string[], committed: [] as object[] }
  const left = [...answers]
  const running = await mapping(
    on,
    async (event) => {
      const ids = Object.entries(values(event)).flatMap(([key, list]) => list.map((value) => `${key.at(-1)}:${value}`))
      seen.deliveries.push(ids.sort().join(' '))
      seen.committed.push(await committed(on))
      return left.shift() ?? ok()
    },
    {},
    { switches },
  )
  await running.idle()
  expect(await committed(on)).toEqual(start(4, 2))
  return seen
}
