import type { Clock } from '../clock.js'
import { asError, type ErrorCode, MillraceError } from '../errors.js'
import type { Identity } from './batch.js'
import type { Lane } from './lane.js'
import type { Link } from './link.js'
import { newPace, type Pace } from './pace.js'
import { place, type Turns } from './place.js'
import type { Item } from './record.js'
import { settle } from './settle.js'

/** What outlives a round. */
export interface Ground {
  readonly clock: Clock
  readonly createTopics: boolean
  readonly turns: Turns
  identity: Identity | undefined
  /** Opens it where there is none. */
  link(): Promise<Link>
  /** The next try opens another. */
  abandon(link: Link): void
}

/** Another try would be another wrong guess at a password, or as vain. */
const hopeless: ReadonlySet<ErrorCode> = new Set([
  'ML_KAFKA_BROKERS_MISSING',
  'ML_KAFKA_SIGNER_MISSING',
  'ML_KAFKA_UNAUTHENTICATED',
])

/** Milliseconds between tries. */
const backoff = { first: 50, most: 1_000 }

/**
 * Sends records until each is settled: written, refused, or out of time. Per try one request goes to each leader, with one
 * batch per partition.
 */
export async function sendRound(items: readonly Item[], ground: Ground): Promise<void> {
  const [lanes, pace] = [new Map<string, Lane>(), newPace()]
  // What nobody waits for any more is not sent.
  let unplaced = items.filter((item) => !isOver([item], ground) || giveUp([item], undefined))
  for (let tries = 0; unplaced.length > 0 || lanes.size > 0; tries++) {
    let link: Link | undefined
    let reason: Error | undefined
    try {
      link = await ground.link()
      const { createTopics, turns } = ground
      unplaced = await place(unplaced, link, { lanes, turns, tries, createTopics, pace })
      await sendFirst(lanes, link, ground, pace)
    } catch (thrown) {
      reason = asError(thrown)
      if (link) ground.abandon(link)
    }
    const isStuck = reason !== undefined || unplaced.length > 0 || [...lanes.values()].some((lane) => lane.reason)
    const isHopeless = reason instanceof MillraceError && hopeless.has(reason.code)
    const isDue = (items: readonly Item[]) => !isHopeless && !isOver(items, ground)
    unplaced = unplaced.filter((item) => isDue([item]) || giveUp([item], reason))
    for (const [name, lane] of lanes) {
      if (lane.first !== undefined && isDue(lane.first.items)) continue
      // What comes after it would otherwise overtake it.
      giveUp(lane.rest(), lane.reason ?? reason)
      // Its number in the partition may be taken, or not.
      if (lane.isInDoubt) ground.identity = undefined
      lanes.delete(name)
    }
    if (isStuck && (unplaced.length > 0 || lanes.size > 0))
      await ground.clock.sleep(Math.min(backoff.first * 2 ** tries, backoff.most))
  }
}

const isOver = (items: readonly Item[], { clock }: Ground): boolean =>
  items.every((item) => item.isSettled || item.signal?.aborted === true || item.deadline <= clock.now())

/** Answers false: none of them is left. */
function giveUp(items: readonly Item[], reason: Error | undefined): false {
  for (const item of items) {
    const { topic } = item.record
    const why = reason?.message ?? 'the cluster does not say who leads its partition'
    const options = reason && { cause: reason }
    const error = new MillraceError('ML_PRODUCE_FAILED', `${topic} did not acknowledge the record: ${why}`, options)
    item.settle({ ok: false, error, isFinal: false })
  }
  return false
}

/** Sends the first batch of each lane. */
async function sendFirst(lanes: Map<string, Lane>, link: Link, ground: Ground, pace: Pace): Promise<void> {
  if (lanes.size === 0) return
  if (ground.identity === undefined) ground.identity = { ...(await link.producerId()), sequences: new Map() }
  const topics = await link.topics(new Set([...lanes.values()].map(({ topic }) => topic)))
  const byLeader = new Map<number, [name: string, lane: Lane][]>()
  for (const [name, lane] of lanes) {
    const leader = topics.get(lane.topic)?.leaders[lane.partition]
    if (leader === undefined)
      stay([lane], new Error(`no broker leads partition ${lane.partition} of ${lane.topic}`), link)
    else byLeader.set(leader, [...(byLeader.get(leader) ?? []), [name, lane]])
  }
  const broken: Error[] = []
  await Promise.all(
    [...byLeader].map(([leader, led]) =>
      sendTo(leader, new Map(led), link, ground, pace).catch((thrown) => broken.push(asError(thrown))),
    ),
  )
  if (broken.length > 0) throw broken[0]
}

/** The lanes keep what they have for the next try, before which the cluster is asked again. */
function stay(lanes: Iterable<Lane>, reason: Error, link: Link): void {
  for (const lane of lanes) {
    lane.reason = reason
    link.forget([lane.topic])
  }
}

async function sendTo(leader: number, lanes: Map<string, Lane>, link: Link, ground: Ground, pace: Pace): Promise<void> {
  const { identity, clock } = ground
  if (identity === undefined) return
  const parts = []
  for (const lane of lanes.values()) parts.push(await lane.part(identity, clock.now(), pace))
  try {
    const answers = await link.produce(leader, parts)
    for (const answer of answers) {
      const name = `${answer.topic}:${answer.partition}`
      const lane = lanes.get(name)
      lanes.delete(name)
      if (lane && !(await settle(lane, answer, ground, pace))) link.forget([lane.topic])
    }
    stay(lanes.values(), new Error(`broker ${leader} said nothing of the partition`), link)
  } catch (thrown) {
    for (const lane of lanes.values()) lane.isInDoubt = true
    stay(lanes.values(), asError(thrown), link)
    throw thrown
  }
}
