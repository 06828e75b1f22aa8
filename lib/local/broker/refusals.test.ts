import { expect, test } from 'vitest'
import { admin, broker } from './kafkajs.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'
import type { Writer } from './wire/writer.js'

const [fetch, listOffsets, metadata, heartbeat, leaveGroup, syncGroup, createTopics] = [1, 2, 3, 12, 13, 14, 19]
const txnOffsetCommit = 28

async function ground(): Promise<RawClient> {
  const started = await broker()
  await (await admin(started)).createTopics({ topics: [{ topic: 'known', numPartitions: 1 }] })
  return rawClient(started)
}

async function ask(client: RawClient, key: number, version: number, body: (writer: Writer) => void) {
  client.send(key, version, 1, body)
  return (await client.answer()).body
}

/** Fetch version 11 of an empty partition: the code of the whole, and of the partition. */
async function fetched(client: RawClient, session: number, sessionEpoch: number, leaderEpoch = -1) {
  const body = await ask(client, fetch, 11, (writer) => {
    writer.int32(-1).int32(0).int32(1).int32(1000).int8(0).int32(session).int32(sessionEpoch)
    writer.array(['known'], (name) => {
      writer.string(name)
      writer.array([0], () => writer.int32(0).int32(leaderEpoch).int64(0).int64(-1).int32(1000))
    })
    writer.array([], () => undefined).string('')
  })
  body.int32()
  const error = body.int16()
  body.int32()
  const [topic] = body.array((item) => [item.string(), item.array((one) => [one.int32(), one.int16()][1])] as const)
  return [error, topic?.[1][0]]
}

test('a fetch goes on with no session, as none is opened, and knows no later leader than there is', async () => {
  const client = await ground()
  const unopened = [code.fetchSessionIdNotFound, undefined]
  expect([await fetched(client, 0, 5), await fetched(client, 4711, 1)]).toEqual([unopened, unopened])
  expect([await fetched(client, 0, 0), await fetched(client, 0, -1)]).toEqual([0, 1].map(() => [code.none, code.none]))
  expect(await fetched(client, 0, -1, 0)).toEqual([code.none, code.none])
  expect(await fetched(client, 0, -1, 7)).toEqual([code.none, code.unknownLeaderEpoch])
  await client.end()
})

test('a place in a partition is not told to who knows a later leader', async () => {
  const client = await ground()
  const found = async (leaderEpoch: number) => {
    const body = await ask(client, listOffsets, 4, (writer) => {
      writer
        .int32(-1)
        .int8(0)
        .array(['known'], (name) => {
          writer.string(name).array([0], () => writer.int32(0).int32(leaderEpoch).int64(-1))
        })
    })
    body.int32()
    return body.array((item) => [item.string(), item.array((one) => [one.int32(), one.int16()][1])][1])[0]
  }
  expect([await found(-1), await found(0), await found(1)]).toEqual([[0], [0], [code.unknownLeaderEpoch]])
  await client.end()
})

test('a name that no topic can have is told from one that none has, and one given twice is refused once', async () => {
  const client = await ground()
  const known = async (name: string) => {
    const body = await ask(client, metadata, 4, (writer) =>
      writer.array([name], () => writer.string(name)).boolean(false),
    )
    body.int32()
    body.array((node) => [node.int32(), node.string(), node.int32(), node.nullableString()])
    body.nullableString()
    body.int32()
    return body.array((topic) => topic.int16())[0]
  }
  expect([await known('absent'), await known('a/b')]).toEqual([code.unknownTopicOrPartition, code.invalidTopic])
  const body = await ask(client, createTopics, 1, (writer) => {
    writer.array(['twice', 'once', 'twice'], (name) => {
      const none = () => undefined
      writer.string(name).int32(1).int16(1).array([], none).array([], none)
    })
    writer.int32(1000).boolean(true)
  })
  const answered = body.array((item) => [item.string(), item.int16(), item.nullableString()].slice(0, 2))
  expect(answered).toEqual([
    ['once', code.none],
    ['twice', code.invalidRequest],
  ])
  await client.end()
})

test('members of a group without a name, and transactions without an id, are refused', async () => {
  const client = await ground()
  const refusal = async (key: number, name: string, more: (writer: Writer) => void) => {
    const body = await ask(client, key, 1, (writer) => more(writer.string(name)))
    body.int32()
    return body.int16()
  }
  const beat = (writer: Writer) => writer.int32(1).string('member')
  const leave = (writer: Writer) => writer.string('member')
  const sync = (writer: Writer) => beat(writer).array([], () => undefined)
  const asked = [
    [heartbeat, beat],
    [leaveGroup, leave],
    [syncGroup, sync],
  ] as const
  for (const [key, more] of asked) {
    expect(await refusal(key, '', more)).toBe(code.invalidGroupId)
    expect(await refusal(key, 'absent', more)).toBe(code.unknownMemberId)
  }
  const body = await ask(client, txnOffsetCommit, 1, (writer) => {
    writer.string('').string('group').int64(1).int16(0)
    writer.array(['known'], (name) => {
      writer.string(name).array([0], (partition) => writer.int32(partition).int64(1).string(null))
    })
  })
  body.int32()
  const answered = body.array((item) => [item.string(), item.array((one) => [one.int32(), one.int16()][1])][1])
  expect(answered).toEqual([[code.invalidRequest]])
  await client.end()
})
