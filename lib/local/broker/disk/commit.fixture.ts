import { rawClient } from '../raw-client.fixture.js'

const offsetCommitKey = 8

/** What is committed: by nobody of the group, as tools do it. kafkajs takes five seconds for that, in a group of its own. */
export interface Commit {
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Commits an offset; resolves to its error code, or to undefined if the broker went away before it answered. */
export async function commitOffset(
  port: number,
  { group, topic, partition, offset }: Commit,
): Promise<number | undefined> {
  const client = await rawClient({ port }).catch(() => undefined)
  if (client === undefined) return undefined
  client.send(offsetCommitKey, 2, 1, (writer) => {
    writer.string(group).int32(-1).string('').int64(-1)
    writer.array([topic], (name) => {
      writer.string(name).array([partition], (one) => writer.int32(one).int64(offset).string(null))
    })
  })
  const answer = await Promise.race([client.answer(), client.closed.then(() => undefined)])
  await client.end()
  const codes = answer?.body.array((item) => {
    item.string()
    return item.array((one) => [one.int32(), one.int16()][1])
  })
  return codes?.[0]?.[0]
}
