import { setImmediate as pause } from 'node:timers/promises'
import { asError, MillraceError, show } from '../errors.js'
import { Lane } from './lane.js'
import type { Link, Topic } from './link.js'
import type { Pace } from './pace.js'
import { partitioner } from './partitions.js'
import type { Item } from './record.js'
import { verdictOf } from './verdict.js'

/** How many records without a key went to each topic. */
export type Turns = Map<string, number>

/** How often a topic is asked for that is not there: another broker may have made it just now. */
const topicTries = { known: 4, made: 8 }

/** What a placement needs besides the records. */
export interface Placing {
  readonly lanes: Map<string, Lane>
  readonly turns: Turns
  /** How often it was tried before. */
  readonly tries: number
  readonly createTopics: boolean
  readonly pace: Pace
}

/** Gives each record to the lane of its partition, and answers those whose topic has to be asked for again. */
export async function place(items: readonly Item[], link: Link, placing: Placing): Promise<Item[]> {
  const topics = await link.topics(new Set(items.map(({ record }) => record.topic).filter(isName)))
  const again: Item[] = []
  for (const item of items) {
    if (placing.pace()) await pause()
    if (!placeOne(item, topics.get(item.record.topic), placing)) again.push(item)
  }
  link.forget(new Set(again.map(({ record }) => record.topic)))
  return again
}

/** Whether a topic can have this name. */
const isName = (topic: string): boolean => /^[\w.-]{1,249}$/.test(topic)

/** False: the cluster is to be asked again. */
function placeOne(item: Item, topic: Topic | undefined, placing: Placing): boolean {
  const { record } = item
  if (topic === undefined || topic.code !== 0 || topic.leaders.length === 0)
    return absent(item, topic?.code ?? 3, placing)
  const count = topic.leaders.length
  try {
    const partition = record.partition ?? record.choose?.(count) ?? byKey(record.key, topic, placing.turns)
    if (Number.isSafeInteger(partition) && partition >= 0 && partition < count) {
      laneOf(topic.name, partition, placing.lanes).add(item)
      return true
    }
    // The topic may have grown since it was looked at.
    if (record.partition !== undefined && partition >= count && placing.tries === 0) return false
    const who = record.partition === undefined ? 'the partitioner chose' : 'the record asks for'
    const error = new MillraceError(
      'ML_PARTITION_INVALID',
      `${who} partition ${show(partition)} of ${topic.name}, which has 0 to ${count - 1}`,
    )
    item.settle({ ok: false, error, isFinal: true })
  } catch (cause) {
    const error = new MillraceError('ML_PRODUCE_FAILED', `the partitioner threw: ${asError(cause).message}`, { cause })
    item.settle({ ok: false, error, isFinal: false })
  }
  return true
}

function absent(item: Item, code: number, { tries, createTopics }: Placing): boolean {
  const { topic, hasOwnTopic } = item.record
  if (!isName(topic)) {
    const what =
      topic === ''
        ? 'the output names no topic, and the sink has none; give one of both a topic'
        : `no topic can have the name ${show(topic)}; it takes up to 249 letters, digits, dots, dashes and underscores`
    item.settle({ ok: false, error: new MillraceError('ML_PRODUCE_FAILED', what), isFinal: hasOwnTopic })
    return true
  }
  const { verdict, meaning } = verdictOf(code)
  const most = createTopics ? topicTries.made : topicTries.known
  if (verdict === 'again' && (code !== 3 || tries + 1 < most)) return false
  const error = new MillraceError(
    'ML_PRODUCE_FAILED',
    code === 3
      ? `there is no topic ${topic}; look at its name, or create it (locally: \`npx millrace produce ${topic} --count 0 --partitions 3\`)`
      : `${topic}: ${meaning}`,
  )
  // Where a record asks for a topic, that is its fault; the topic of a sink is there sooner or later.
  item.settle({ ok: false, error, isFinal: hasOwnTopic })
  return true
}

function byKey(key: Buffer | null, { name, leaders }: Topic, turns: Turns): number {
  if (key !== null) return partitioner(leaders.length)(key, 0)
  // Those that nobody leads are left out as long as there are others.
  const led = leaders.flatMap((leader, partition) => (leader === undefined ? [] : [partition]))
  const among = led.length > 0 ? led : [...leaders.keys()]
  // From anywhere: many small batches of many environments would all begin at partition 0.
  const turn = turns.get(name) ?? Math.floor(Math.random() * among.length)
  turns.set(name, turn + 1)
  return among[turn % among.length] ?? 0
}

function laneOf(topic: string, partition: number, lanes: Map<string, Lane>): Lane {
  const name = `${topic}:${partition}`
  const lane = lanes.get(name) ?? new Lane(topic, partition)
  lanes.set(name, lane)
  return lane
}
