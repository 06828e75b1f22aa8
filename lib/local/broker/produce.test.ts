import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { folder } from './disk/folder.fixture.js'
import { admin, broker } from './kafkajs.fixture.js'
import { batchBytes } from './log/batch.fixture.js'
import type { BatchFields } from './log/batch-bytes.js'
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

/** The id of the one topic that the journal of a broker knows. */
function idOf(dataDir: string): string {
  return /"id":"([0-9a-f]{32})"/.exec(readFileSync(join(dataDir, 'journal'), 'utf8'))?.[1] ?? ''
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
    [{ records: batchBytes().subarray(0, -4) }, code.invalidRecord],
    [{ records: batchBytes({ maxTimestamp: BigInt(Date.now() + 7_200_000) }) }, code.invalidTimestamp],
    [{ acks: 2 }, code.invalidRequiredAcks],
    [{}, code.none],
  ]
  for (const [sent, error] of cases) {
    send(client, sent)
    expect(await answered(client)).toEqual({ error, offset: error === code.none ? 0n : -1n })
  }
  await client.end()
})

test('a client whose batch the files do not take is told so, and served by the same connection once they do', async () => {
  const dataDir = folder()
  const lines: string[] = []
  const started = await broker({ dataDir, log: (line) => lines.push(line) })
  await (await admin(started)).createTopics({ topics: [{ topic: 'raw', numPartitions: 1 }] })
  const client = await rawClient(started)
  const written = async () => {
    send(client, {})
    return (await answered(client))?.error
  }
  // Something else stands where the folder of the partition is to be.
  const partition = join(dataDir, 'topics', idOf(dataDir), '0')
  mkdirSync(dirname(partition), { recursive: true })
  writeFileSync(partition, '')
  expect([await written(), await written()]).toEqual([code.kafkaStorageError, code.kafkaStorageError])
  expect(lines).toContainEqual(expect.stringMatching(/^broker: answered with code 56: ML_LOCAL_DATA_FAILED/))
  rmSync(partition)
  expect(await written()).toBe(code.none)
  await client.end()
})

test('a client that waits for no answer learns by the end of its connection that a batch was refused', async () => {
  const lines: string[] = []
  const started = await broker({ log: (line) => lines.push(line) })
  const client = await rawClient(started)
  send(client, { topic: 'absent', acks: 0 })
  await client.closed
  expect(lines).toEqual([expect.stringMatching(/a batch sent without acknowledgement is refused, code 3$/)])
})

test('a fenced producer writes nothing into the transaction of its successor, however many wrote there since', async () => {
  const started = await broker()
  await (await admin(started)).createTopics({ topics: [{ topic: 'raw', numPartitions: 1 }] })
  const client = await rawClient(started)
  const initialise = async () => {
    client.send(22, 0, 1, (writer) => writer.string('mine').int32(60_000))
    const { body } = await client.answer()
    const [, , producerId, epoch] = [body.int32(), body.int16(), body.int64(), body.int16()]
    return { producerId, epoch, sequence: 0, attributes: 0x10 }
  }
  const fenced = await initialise()
  const current = await initialise()
  client.send(24, 0, 1, (writer) => {
    writer.string('mine').int64(current.producerId).int16(current.epoch)
    writer.array(['raw'], (name) => writer.string(name).int32s([0]))
  })
  await client.answer()
  const write = (fields: BatchFields, transactionalId: string | null) => {
    send(client, { records: batchBytes(fields), transactionalId })
    return answered(client)
  }
  expect(await write(current, 'mine')).toMatchObject({ error: code.none })
  for (let n = 0; n < 1000; n++) await write({ producerId: BigInt(1000 + n), epoch: 0, sequence: 0 }, null)
  expect(await write(fenced, 'mine')).toMatchObject({ error: code.invalidProducerEpoch })
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
