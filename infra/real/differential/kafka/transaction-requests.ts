import type { Case } from '../case.js'
import { alone } from './members.js'
import { identity, produce, readingsAt, settledOffsets } from './producers.js'
import type { KafkaSide } from './side.js'

/** Requests of transactions, in turn and out of it. */
export const transactionRequestCases: readonly Case<KafkaSide>[] = [
  {
    id: 'transactions: ids and epochs',
    async run({ name, wire }) {
      const client = await wire()
      const first = await identity(client, name)
      const second = await identity(client, name)
      return {
        first,
        second,
        sameId: first.producerId === second.producerId,
        epochs: second.producerEpoch - first.producerEpoch,
        empty: await identity(client, ''),
        timeout: await identity(client, `${name}-2`, 100_000_000),
        noTimeout: await identity(client, `${name}-3`, 0),
        v0: await client.ask('InitProducerId', 0, { transactionalId: null, transactionTimeout: 1_000 }),
      }
    },
  },
  {
    id: 'transactions: requests out of turn',
    async run(side) {
      const topic = await side.topic()
      const { name: transactionalId } = side
      const client = await side.wire()
      const me = await identity(client, transactionalId)
      const about = { transactionalId, producerId: me.producerId, producerEpoch: me.producerEpoch }
      const partitions = { topics: [{ topic, partitions: [0] }] }
      const end = (transactionResult: boolean, more = {}) =>
        client.ask('EndTxn', 1, { ...about, transactionResult, ...more })
      return {
        endOfNone: await end(true),
        notAdded: await produce(client, topic, me, 0, { transactionalId }),
        added: await client.ask('AddPartitionsToTxn', 1, { ...about, ...partitions }),
        unknown: await client.ask('AddPartitionsToTxn', 1, {
          ...about,
          topics: [{ topic: `${topic}-absent`, partitions: [0] }],
        }),
        bothKinds: byPartition(
          await client.ask('AddPartitionsToTxn', 1, { ...about, topics: [{ topic, partitions: [0, 9] }] }),
        ),
        sent: await produce(client, topic, me, 0, { transactionalId }),
        oldEpoch: await end(true, { producerEpoch: me.producerEpoch - 1 }),
        newEpoch: await end(true, { producerEpoch: me.producerEpoch + 1 }),
        stranger: await end(true, { producerId: '987654' }),
        strangerId: await end(true, { transactionalId: `${transactionalId}-absent` }),
        ended: await end(true),
        endedAgain: await untilSettled(() => end(true)),
        otherWay: await untilSettled(() => end(false)),
        readings: await readingsAt(client, topic, 2),
      }
    },
  },
  {
    id: 'transactions: offsets of groups, in turn and out of it',
    async run(side) {
      const topic = await side.topic()
      const { name: groupId } = side
      const { client, member } = await alone(side)
      const me = await identity(client, groupId)
      const about = { transactionalId: groupId, producerId: me.producerId, producerEpoch: me.producerEpoch, groupId }
      const topics = [{ topic, partitions: [{ partition: 0, offset: 4, metadata: 'in a transaction' }] }]
      return {
        member: member.errorCode,
        unnamed: await client.ask('TxnOffsetCommit', 1, { ...about, transactionalId: '', topics }),
        added: await client.ask('AddOffsetsToTxn', 1, about),
        committed: await client.ask('TxnOffsetCommit', 1, { ...about, topics }),
        fenced: await client.ask('TxnOffsetCommit', 1, { ...about, producerEpoch: -1, topics }),
        fencedAdd: await client.ask('AddOffsetsToTxn', 1, { ...about, producerId: '987654' }),
        ended: await client.ask('EndTxn', 1, { ...about, transactionResult: true }),
        offsets: await settledOffsets(side, topic),
      }
    },
  },
]

interface Added {
  readonly errors?: readonly { readonly partitionErrors: { partition: number }[] }[]
}

/** Partitions come in no order. */
function byPartition(answer: unknown): unknown {
  for (const { partitionErrors } of (answer as Added).errors ?? []) {
    partitionErrors.sort((a, b) => a.partition - b.partition)
  }
  return answer
}

/** Markers are written after the answer: asked again until the coordinator is no longer at it. */
async function untilSettled(ask: () => Promise<unknown>): Promise<unknown> {
  for (const deadline = Date.now() + 5_000; ; ) {
    const answer = await ask()
    if ((answer as { errorCode?: number }).errorCode !== 51 || Date.now() > deadline) return answer
  }
}
