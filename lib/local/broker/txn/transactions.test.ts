import { expect, test } from 'vitest'
import { memoryStorage } from '../disk/index.js'
import { Coordinator } from '../group/coordinator.js'
import { batch } from '../log/batch.fixture.js'
import { PartitionLog } from '../log/partition.js'
import { manualTimers } from '../timers.fixture.js'
import { code } from '../wire/codes.js'
import { type Speaker, Transactions } from './index.js'

const here = { topic: 'orders', partition: 0 }
const transactionalBit = 0x10

/** A coordinator over one partition, with a clock that is moved by hand. */
function ground() {
  const timers = manualTimers()
  const log = new PartitionLog()
  const groups = new Coordinator(timers)
  let nextId = 7n
  const transactions = new Transactions({
    timers,
    newProducerId: () => nextId++,
    log: (topic, partition) => (topic === here.topic && partition === here.partition ? log : undefined),
    offsets: (group) => groups.committing(group),
    facts: memoryStorage().facts,
    report: () => undefined,
  })
  const initialise = (timeoutMs = 1000, expected?: Omit<Speaker, 'transactionalId'>): Speaker => {
    const answer = transactions.initialise('mine', timeoutMs, expected)
    if ('refused' in answer) throw new Error(`refused with code ${answer.refused}`)
    return { transactionalId: 'mine', producerId: answer.producerId, epoch: answer.epoch }
  }
  const write = ({ producerId, epoch }: Speaker, sequence: number) =>
    log.append(batch({ attributes: transactionalBit, producerId, epoch, sequence }), timers.now())
  return { timers, log, groups, transactions, initialise, write }
}

test('the end of a transaction is a marker in each of its partitions, also where nothing was written', () => {
  const { log, transactions, initialise } = ground()
  const speaker = initialise()
  expect(transactions.addPartitions(speaker, [here])).toBe(code.none)
  expect(transactions.end(speaker, true)).toBe(code.none)
  const [marker] = log.read(0, 1000, true).pieces
  // As Kafka 4.3 writes it, but for the checksum: length 66, version 2, attributes of a control batch, key 0 1, value 0 0.
  expect(marker?.length).toBe(78)
  expect(marker?.readInt32BE(8)).toBe(66)
  expect(marker?.readInt16BE(21)).toBe(0x30)
  expect([marker?.readBigInt64BE(43), marker?.readInt16BE(51), marker?.readInt32BE(53)]).toEqual([7n, 0, -1])
  expect(marker?.subarray(61).toString('hex')).toBe('2000000008000000010c00000000000000')
  expect(log.endOffset).toBe(1)
})

test('an end is answered as the first time when it is repeated, and refused when it is the other one or there was nothing', () => {
  const { transactions, initialise } = ground()
  const speaker = initialise()
  expect(transactions.end(speaker, true)).toBe(code.invalidTxnState)
  transactions.addPartitions(speaker, [here])
  expect(transactions.end(speaker, false)).toBe(code.none)
  expect(transactions.end(speaker, false)).toBe(code.none)
  expect(transactions.end(speaker, true)).toBe(code.invalidTxnState)
})

test('whoever is not the producer of a transactional id now is told why', () => {
  const { transactions, initialise } = ground()
  const first = initialise()
  const second = initialise()
  expect([first.epoch, second.epoch]).toEqual([0, 1])
  const stranger = { ...second, producerId: 99n }
  const unknown = { ...second, transactionalId: 'other' }
  for (const [speaker, error] of [
    [first, code.producerFenced],
    [stranger, code.invalidProducerIdMapping],
    [unknown, code.invalidProducerIdMapping],
  ] as const) {
    expect(transactions.addPartitions(speaker, [here])).toBe(error)
    expect(transactions.addGroup(speaker, 'readers')).toBe(error)
    expect(transactions.end(speaker, true)).toBe(error)
  }
  expect(transactions.verify(first, () => true)).toBe(code.invalidProducerEpoch)
  expect(transactions.initialise('mine', 0)).toEqual({ refused: code.invalidTransactionTimeout })
  expect(transactions.initialise('mine', 900_001)).toEqual({ refused: code.invalidTransactionTimeout })
})

test('a producer that starts while the last one has a transaction under way aborts it, and comes again', () => {
  const { log, transactions, initialise, write } = ground()
  const first = initialise()
  transactions.addPartitions(first, [here])
  write(first, 0)
  expect(log.stableOffset).toBe(0)
  expect(transactions.initialise('mine', 1000)).toEqual({ refused: code.concurrentTransactions })
  expect([log.stableOffset, log.endOffset]).toEqual([2, 2])
  expect(log.abortedIn(0, 1)).toMatchObject([{ producerId: 7n, firstOffset: 0, lastOffset: 1 }])
  expect(write(first, 1)).toEqual({ refused: code.invalidProducerEpoch })
  expect(initialise()).toMatchObject({ producerId: 7n, epoch: 2 })
})

test('a producer that goes on after an error gets its next epoch, the same when it asks again, and one that was fenced none', () => {
  const { transactions, initialise } = ground()
  const first = initialise()
  const bumped = initialise(1000, first)
  expect(bumped).toMatchObject({ producerId: 7n, epoch: 1 })
  expect(initialise(1000, first)).toEqual(bumped)
  const other = initialise()
  expect(other.epoch).toBe(2)
  expect(transactions.initialise('mine', 1000, bumped)).toEqual({ refused: code.producerFenced })
  expect(transactions.initialise('mine', 1000, { producerId: 99n, epoch: 2 })).toEqual({ refused: code.producerFenced })
})

test('a producer whose epochs are used up gets another id', () => {
  const { initialise } = ground()
  for (let epoch = 0; epoch < 32_766; epoch++) initialise()
  expect(initialise()).toMatchObject({ producerId: 7n, epoch: 32_766 })
  expect(initialise()).toMatchObject({ producerId: 8n, epoch: 0 })
})

test('of too many transactional ids the one used least recently goes, unless it has a transaction under way', () => {
  const { transactions, initialise } = ground()
  const open = initialise()
  transactions.addPartitions(open, [here])
  for (let n = 0; n < 10_000; n++) transactions.initialise(`other-${n}`, 1000)
  expect(transactions.all().length).toBe(10_000)
  expect([transactions.get('mine')?.status, transactions.get('other-0'), transactions.get('other-1')?.epoch]).toEqual([
    'Ongoing',
    undefined,
    0,
  ])
})

test('what is said twice in a transaction counts once: a partition, a group, and of offsets the last', () => {
  const { transactions, initialise } = ground()
  const speaker = initialise()
  const offset = (value: bigint) => ({
    group: 'readers',
    ...here,
    committed: { offset: value, leaderEpoch: 0, metadata: '' },
  })
  for (const value of [5n, 9n]) {
    transactions.addPartitions(speaker, [here, here])
    transactions.addGroup(speaker, 'readers')
    transactions.addOffsets(speaker, 'readers', [offset(value)])
  }
  const { partitions, groups, offsets } = transactions.get('mine') ?? {}
  expect({ partitions, groups, offsets }).toEqual({ partitions: [here], groups: ['readers'], offsets: [offset(9n)] })
})

test('a transaction is aborted when its time is up, not before, and one that has ended is left alone', () => {
  const { timers, log, transactions, initialise, write } = ground()
  const speaker = initialise(1000)
  transactions.addPartitions(speaker, [here])
  write(speaker, 0)
  timers.advance(999)
  transactions.addGroup(speaker, 'readers')
  expect(log.stableOffset).toBe(0)
  timers.advance(1)
  expect(log.stableOffset).toBe(2)
  expect(transactions.end(speaker, true)).toBe(code.producerFenced)
  const next = initialise(1000)
  expect(next.epoch).toBe(2)
  transactions.addPartitions(next, [here])
  transactions.end(next, true)
  expect(timers.waiting).toBe(0)
})

test('offsets wait for the commit of a transaction that was told of their group, and go with its abort', () => {
  const { groups, transactions, initialise } = ground()
  const speaker = initialise()
  const offset = { group: 'readers', ...here, committed: { offset: 5n, leaderEpoch: 0, metadata: null } }
  expect(transactions.addOffsets(speaker, 'readers', [offset])).toBe(code.transactionAbortable)
  transactions.addGroup(speaker, 'readers')
  expect(transactions.addOffsets(speaker, 'readers', [offset])).toBe(code.none)
  expect(transactions.isPending('readers', here)).toBe(true)
  transactions.end(speaker, false)
  expect([transactions.isPending('readers', here), groups.offsets('readers')]).toEqual([false, undefined])
  transactions.addGroup(speaker, 'readers')
  transactions.addOffsets(speaker, 'readers', [offset])
  transactions.end(speaker, true)
  expect(groups.offsets('readers')?.get('orders', 0)?.offset).toBe(5n)
})

test('a topic that is deleted leaves the transaction, so that one created by its name gets no marker', () => {
  const { log, transactions, initialise } = ground()
  const speaker = initialise()
  transactions.addPartitions(speaker, [here])
  transactions.forgetTopics((topic) => topic === 'orders')
  expect(transactions.end(speaker, true)).toBe(code.none)
  expect(log.endOffset).toBe(0)
})
