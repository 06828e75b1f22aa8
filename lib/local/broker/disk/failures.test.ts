import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Coordinator } from '../group/coordinator.js'
import { batch } from '../log/batch.fixture.js'
import { startRetention } from '../log/retention.js'
import { Topics } from '../log/topics.js'
import { manualTimers } from '../timers.fixture.js'
import { type Speaker, Transactions } from '../txn/index.js'
import { code } from '../wire/codes.js'
import { folder, opened, segmentsIn } from './folder.fixture.js'

const here = { topic: 'orders', partition: 0 }

/** A topic in a directory, and a producer with a transaction under way there. */
function ground() {
  const path = folder()
  const storage = opened(path, 100)
  const timers = manualTimers()
  const topics = new Topics(storage)
  topics.create('orders', 1, new Map([['retention.bytes', '0']]))
  const lines: string[] = []
  const report = (line: string) => lines.push(line)
  const groups = new Coordinator(timers, storage.facts)
  const transactions = new Transactions({
    timers,
    newProducerId: () => 7n,
    log: (topic, partition) => topics.partition(topic, partition),
    offsets: (group) => groups.committing(group),
    facts: storage.facts,
    report,
  })
  const begin = (): Speaker => {
    const answer = transactions.initialise('mine', 60_000)
    if ('refused' in answer) throw new Error(`refused with code ${answer.refused}`)
    const speaker = { transactionalId: 'mine', producerId: answer.producerId, epoch: answer.epoch }
    transactions.addPartitions(speaker, [here])
    return speaker
  }
  const partition = join(path, 'topics', topics.get('orders')?.id ?? '', '0')
  return { path, timers, topics, transactions, begin, partition, lines, report }
}

/** Something else stands where the folder of a partition is to be; what is returned takes it away. */
function block(partition: string): () => void {
  mkdirSync(join(partition, '..'), { recursive: true })
  writeFileSync(partition, '')
  return () => rmSync(partition)
}

test('a commit that the files did not take is carried out once they do, and its producer can go on', () => {
  const { timers, topics, transactions, begin, partition, lines } = ground()
  const speaker = begin()
  const unblock = block(partition)
  expect(() => transactions.end(speaker, true)).toThrow('ML_LOCAL_DATA_FAILED')
  expect(transactions.end(speaker, true)).toBe(code.concurrentTransactions)
  timers.advance(1000)
  expect(lines).toEqual([expect.stringContaining('mine waits for its end: ML_LOCAL_DATA_FAILED')])
  unblock()
  timers.advance(1000)
  expect(transactions.end(speaker, true)).toBe(code.none)
  expect(topics.partition('orders', 0)?.endOffset).toBe(1)
  expect([transactions.addPartitions(speaker, [here]), transactions.end(speaker, true)]).toEqual([0, 0])
  expect(timers.waiting).toBe(0)
})

test('a transaction whose time is up while the files take nothing is aborted once they do, and nothing is thrown at nobody', () => {
  const { timers, topics, transactions, begin, partition, lines } = ground()
  const speaker = begin()
  const unblock = block(partition)
  timers.advance(60_000)
  expect(lines).toHaveLength(1)
  unblock()
  timers.advance(1000)
  expect(topics.partition('orders', 0)?.endOffset).toBe(1)
  expect(transactions.end(speaker, true)).toBe(code.producerFenced)
  expect(timers.waiting).toBe(0)
})

test('old records that cannot be deleted are told of, and deleted when they can be', () => {
  const { path, timers, topics, lines, report } = ground()
  const log = topics.partition('orders', 0)
  for (let n = 0; n < 3; n++) log?.append(batch({ payload: Buffer.alloc(80) }), 0)
  const [first = ''] = segmentsIn(path)
  rmSync(first)
  mkdirSync(first)
  const end = startRetention(topics, timers, report)
  timers.advance(1000)
  expect(lines).toEqual([expect.stringContaining('broker: old records stay for now: ML_LOCAL_DATA_FAILED')])
  rmdirSync(first)
  writeFileSync(first, '')
  timers.advance(1000)
  expect([log?.startOffset, segmentsIn(path).length, lines.length]).toEqual([2, 1, 1])
  end()
})
