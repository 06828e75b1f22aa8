import { expect, test } from 'vitest'
import { admin, broker } from './kafkajs.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'

/** Commits from outside any group member, as tools do (version 5). */
async function commit(client: RawClient, topic: string, offset: bigint, metadata: string | null) {
  client.send(8, 5, 1, (writer) => {
    writer.string('tools').int32(-1).string('')
    writer.array([topic], (name) => {
      writer.string(name).array([1], (partition) => writer.int32(partition).int64(offset).string(metadata))
    })
  })
  const { body } = await client.answer()
  body.int32()
  return body.array((one) => [one.string(), one.array((item) => [item.int32(), item.int16()])])
}

test('a tool commits for a group without members: any offset, with its note, for partitions that exist', async () => {
  const started = await broker()
  const tool = await admin(started)
  await tool.createTopics({ topics: [{ topic: 'kept', numPartitions: 2 }] })
  const client = await rawClient(started)
  expect(await commit(client, 'absent', 5n, null)).toEqual([['absent', [[1, code.unknownTopicOrPartition]]]])
  expect(await tool.listGroups()).toEqual({ groups: [] })
  expect(await commit(client, 'kept', 5n, 'x'.repeat(5000))).toEqual([['kept', [[1, code.offsetMetadataTooLarge]]]])
  expect(await commit(client, 'kept', 2n ** 62n, 'note')).toEqual([['kept', [[1, code.none]]]])
  await client.end()
  const [topic] = await tool.fetchOffsets({ groupId: 'tools', topics: ['kept'] })
  expect(topic?.partitions).toEqual([
    { partition: 0, offset: '-1', metadata: null },
    { partition: 1, offset: `${2n ** 62n}`, metadata: 'note' },
  ])
  expect(await tool.listGroups()).toEqual({ groups: [{ groupId: 'tools', protocolType: '' }] })
  await tool.deleteTopics({ topics: ['kept'] })
  expect(await tool.listGroups()).toEqual({ groups: [] })
})
