import { expect, test } from 'vitest'
import { admin, broker, producer } from './kafkajs.fixture.js'
import { batchBytes } from './log/batch.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'
import type { Reader } from './wire/reader.js'
import type { Writer } from './wire/writer.js'

const [produce, fetch, offsetFetch, findCoordinator, createTopics, deleteTopics] = [0, 1, 9, 10, 19, 20]
const [initProducerId, addPartitionsToTxn, addOffsetsToTxn, endTxn, txnOffsetCommit] = [22, 24, 25, 26, 28]
const transactional = 0x10

/** Asks in a version of the compact form, and gives what stands behind the header and the throttle time. */
async function ask(client: RawClient, key: number, version: number, body: (writer: Writer) => void): Promise<Reader> {
  client.send(key, version, 1, body, true)
  const { body: answer } = await client.answer(true)
  answer.tags()
  if (key !== produce) answer.int32()
  return answer
}

async function create(client: RawClient, name: string): Promise<string> {
  const answer = await ask(client, createTopics, 7, (writer) => {
    writer.array([name], () =>
      writer
        .string(name)
        .int32(1)
        .int16(1)
        .array([], () => undefined)
        .array([], () => undefined)
        .tags(),
    )
    writer.int32(1000).boolean(false).tags()
  })
  const [made] = answer.array((item) => {
    const one = { name: item.string(), id: item.uuid(), error: item.int16(), message: item.nullableString() }
    item.int32()
    item.int16()
    item.array((config) => [
      config.string(),
      config.string(),
      config.boolean(),
      config.int8(),
      config.boolean(),
      config.tags(),
    ])
    item.tags()
    return one
  })
  expect(made).toMatchObject({ name, error: code.none, message: null })
  return made?.id ?? ''
}

/** Fetch version 13, of partition 0 from its start, as a reader of committed records. */
async function fetchById(client: RawClient, id: string) {
  const answer = await ask(client, fetch, 13, (writer) => {
    writer.int32(-1).int32(0).int32(1).int32(1_000_000).int8(1).int32(0).int32(-1)
    writer.array([id], () => {
      writer.uuid(id)
      writer.array([0], () => writer.int32(0).int32(-1).int64(0).int32(-1).int64(-1).int32(1_000_000).tags())
      writer.tags()
    })
    writer
      .array([], () => undefined)
      .string('')
      .tags()
  })
  expect([answer.int16(), answer.int32()]).toEqual([0, 0])
  const [topic] = answer.array((item) => {
    const id = item.uuid()
    const [found] = item.array((one) => {
      const [, error, end, stable, start] = [one.int32(), one.int16(), one.int64(), one.int64(), one.int64()]
      const aborted = one.nullableArray((entry) => {
        const pair = [entry.int64(), entry.int64()]
        entry.tags()
        return pair
      })
      one.int32()
      const { length } = one.bytes()
      one.tags()
      return { error, end, stable, start, aborted, empty: length === 0 }
    })
    item.tags()
    return { id, ...found }
  })
  return topic
}

const codes = (reader: Reader): number[][] =>
  reader.array((topic) => {
    topic.string()
    const found = topic.array((one) => {
      const [, error] = [one.int32(), one.int16()]
      one.tags()
      return error
    })
    topic.tags()
    return found
  })

test('a topic is read and deleted by its id, and one created later by the same name has another', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await rawClient(started)
  const id = await create(client, 'known')
  await (await producer(started)).send({ topic: 'known', messages: [{ value: 'a' }] })
  expect(await fetchById(client, id)).toEqual({
    id,
    error: 0,
    end: 1n,
    stable: 1n,
    start: 0n,
    aborted: [],
    empty: false,
  })
  const remove = async (wanted: string) => {
    const answer = await ask(client, deleteTopics, 6, (writer) => {
      writer
        .array([wanted], () => writer.string(null).uuid(wanted).tags())
        .int32(1000)
        .tags()
    })
    return answer.array(
      (item) => [item.nullableString(), item.uuid(), item.int16(), item.nullableString(), item.tags()][2],
    )
  }
  expect(await remove(id)).toEqual([code.none])
  expect(await remove(id)).toEqual([code.unknownTopicId])
  const next = await create(client, 'known')
  expect(next).not.toBe(id)
  expect(await fetchById(client, id)).toMatchObject({ error: code.unknownTopicId })
  expect(await fetchById(client, next)).toMatchObject({ error: code.none, end: 0n, empty: true })
  await client.end()
})

test('a whole transaction in the newest versions, from its coordinator to its committed offset', async () => {
  const started = await broker()
  const client = await rawClient(started)
  const id = await create(client, 'paid')
  const coordinators = (
    await ask(client, findCoordinator, 4, (writer) =>
      writer
        .int8(1)
        .array(['mine'], (key) => writer.string(key))
        .tags(),
    )
  ).array((item) =>
    [item.string(), item.int32(), item.string(), item.int32(), item.int16(), item.nullableString(), item.tags()].slice(
      0,
      5,
    ),
  )
  expect(coordinators).toEqual([['mine', 1, '127.0.0.1', started.port, code.none]])
  const start = await ask(client, initProducerId, 4, (writer) =>
    writer.string('mine').int32(60_000).int64(-1).int16(-1).tags(),
  )
  const [error, producerId, epoch] = [start.int16(), start.int64(), start.int16()]
  expect([error, epoch]).toEqual([code.none, 0])
  const speak = (writer: Writer) => writer.string('mine').int64(producerId).int16(epoch)
  const write = async (version: number, sequence: number) => {
    const records = batchBytes({ attributes: transactional, producerId, epoch, sequence })
    const answer = await ask(client, produce, version, (writer) => {
      writer.string('mine').int16(-1).int32(1000)
      writer
        .array(['paid'], (name) =>
          writer
            .string(name)
            .array([0], () => writer.int32(0).bytes(records).tags())
            .tags(),
        )
        .tags()
    })
    return answer.array((item) => [item.string(), item.array((one) => [one.int32(), one.int16()][1])][1])[0]
  }
  expect(await write(10, 0)).toEqual([code.invalidTxnState])
  expect(await write(11, 0)).toEqual([code.transactionAbortable])
  const add = await ask(client, addPartitionsToTxn, 4, (writer) => {
    writer.array([0], () => {
      speak(writer).boolean(false)
      writer
        .array(['paid'], (name) =>
          writer
            .string(name)
            .array([0], () => writer.int32(0))
            .tags(),
        )
        .tags()
    })
    writer.tags()
  })
  expect(add.int16()).toBe(code.none)
  expect(add.array((item) => [item.string(), codes(item), item.tags()].slice(0, 2))).toEqual([['mine', [[code.none]]]])
  expect(await write(11, 0)).toEqual([code.none])
  expect(await fetchById(client, id)).toMatchObject({ end: 1n, stable: 0n, empty: true })

  const commitOffset = (version: number) =>
    ask(client, txnOffsetCommit, version, (writer) => {
      writer.string('mine').string('readers').int64(producerId).int16(epoch).int32(-1).string('').string(null)
      writer.array(['paid'], (name) => {
        writer
          .string(name)
          .array([0], () => writer.int32(0).int64(5).int32(-1).string(null).tags())
          .tags()
      })
      writer.tags()
    })
  expect(codes(await commitOffset(3))).toEqual([[code.invalidTxnState]])
  expect(codes(await commitOffset(4))).toEqual([[code.transactionAbortable]])
  expect((await ask(client, addOffsetsToTxn, 3, (writer) => speak(writer).string('readers').tags())).int16()).toBe(
    code.none,
  )
  expect(codes(await commitOffset(4))).toEqual([[code.none]])
  const committed = async () => {
    const answer = await ask(client, offsetFetch, 8, (writer) => {
      writer.array(['readers'], (group) => {
        writer
          .string(group)
          .array(['paid'], (name) =>
            writer
              .string(name)
              .array([0], () => writer.int32(0))
              .tags(),
          )
          .tags()
      })
      writer.boolean(true).tags()
    })
    const [group] = answer.array((item) => {
      item.string()
      return item.array((topic) => {
        topic.string()
        const found = topic.array((one) => {
          const [, offset, , , error] = [one.int32(), one.int64(), one.int32(), one.nullableString(), one.int16()]
          one.tags()
          return [offset, error]
        })
        topic.tags()
        return found[0]
      })[0]
    })
    return group
  }
  expect(await committed()).toEqual([-1n, code.unstableOffsetCommit])
  expect((await ask(client, endTxn, 3, (writer) => speak(writer).boolean(true).tags())).int16()).toBe(code.none)
  expect(await committed()).toEqual([5n, code.none])
  expect(await fetchById(client, id)).toMatchObject({ end: 2n, stable: 2n, empty: false })
  expect((await ask(client, endTxn, 3, (writer) => speak(writer).boolean(false).tags())).int16()).toBe(
    code.invalidTxnState,
  )
  await client.end()
})

test('an aborted transaction is told to readers of committed records, with its producer and its first offset', async () => {
  const started = await broker()
  const client = await rawClient(started)
  const id = await create(client, 'lost')
  const writer = await producer(started, { transactionalId: 'mine', idempotent: true, maxInFlightRequests: 1 })
  const transaction = await writer.transaction()
  await transaction.send({ topic: 'lost', messages: [{ value: 'a' }, { value: 'b' }] })
  await transaction.abort()
  expect(await fetchById(client, id)).toMatchObject({ end: 3n, stable: 3n, aborted: [[1n, 0n]] }) // id 0 is for what kafkajs writes outside transactions
  const [{ high, low } = { high: '', low: '' }] = await (await admin(started)).fetchTopicOffsets('lost')
  expect([low, high]).toEqual(['0', '3'])
  await client.end()
})
