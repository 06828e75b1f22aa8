import { expect, test } from 'vitest'
import { admin, broker } from './kafkajs.fixture.js'
import { batchBytes } from './log/batch.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'

interface Sent {
  readonly topic?: string
  readonly partition?: number
  readonly records?: Buffer
  readonly acks?: number
  readonly transactionalId?: string | null
}

function send(client: RawClient, sent: Sent): void {
  const { topic = 'raw', partition = 0, records = batchBytes(), acks = -1, transactionalId = null } = sent
  client.send(0, 7, 1, (writer) => {
    writer.string(transactionalId).int16(acks).int32(1000)
    writer.array([topic], (name) => {
      writer.string(name).array([partition], (one) => writer.int32(one).bytes(records))
    })
  })
}

async function answered(client: RawClient): Promise<{ error: number; offset: bigint } | undefined> {
  const { body } = await client.answer()
  const [topic] = body.array((item) => {
    item.string()
    return item.array((one) => {
      const [, error, offset] = [one.int32(), one.int16(), one.int64(), one.int64(), one.int64()]
      return { error, offset }
    })
  })
  return topic?.[0]
}

test('a produce request that cannot be carried out is refused by the code of its fault, and the next one is not', async () => {
  const started = await broker()
  await (await admin(started)).createTopics({ topics: [{ topic: 'raw', numPartitions: 1 }] })
  const client = await rawClient(started)
  const corrupt = batchBytes()
  corrupt.writeUInt8(0, corrupt.length - 1)
  const cases: [Sent, number][] = [
    [{ topic: 'absent' }, code.unknownTopicOrPartition],
    [{ partition: 1 }, code.unknownTopicOrPartition],
    [{ partition: -1 }, code.unknownTopicOrPartition],
    [{ records: corrupt }, code.corruptMessage],
    [{ records: Buffer.alloc(0) }, code.invalidRecord],
    [{ acks: 2 }, code.invalidRequiredAcks],
    [{}, code.none],
  ]
  for (const [sent, error] of cases) {
    send(client, sent)
    expect(await answered(client)).toEqual({ error, offset: error === code.none ? 0n : -1n })
  }
  await client.end()
})

test('requests without acknowledgement are carried out although the client has closed the connection behind them', async () => {
  const started = await broker()
  const tool = await admin(started)
  await tool.createTopics({ topics: [{ topic: 'raw', numPartitions: 1 }] })
  const client = await rawClient(started)
  for (let n = 0; n < 100; n++) send(client, { acks: 0 })
  client.finish()
  await client.closed
  expect(await tool.fetchTopicOffsets('raw')).toMatchObject([{ high: '100' }])
})
