import { randomBytes } from 'node:crypto'
import { memoryStorage, type Storage } from '../disk/index.js'
import { type Code, code } from '../wire/codes.js'
import { PartitionLog } from './partition.js'
import { type Overrides, policyOf } from './settings.js'

/** Keeps a slip of the finger (a million partitions) from taking the memory of the machine. */
const maxPartitions = 10_000
/** Likewise many topics, which any client's request for unknown ones creates: about 1.5 kB for each partition. */
export const maxAllPartitions = 100_000
const legalName = /^[a-zA-Z0-9._-]{1,249}$/

/** Whether a topic can have this name. */
export function isLegalName(name: string): boolean {
  return legalName.test(name) && name !== '.' && name !== '..'
}

/** One topic; a topic deleted and created again is another topic with another id. */
export interface Topic {
  /** 32 hexadecimal digits, drawn at creation */
  readonly id: string
  readonly name: string
  readonly partitions: readonly PartitionLog[]
  /** settings that differ from the defaults */
  readonly overrides: Overrides
}

/** What is kept of a topic beside its records. */
type Kept = { readonly id: string; readonly partitions: number; readonly overrides: Readonly<Record<string, string>> }

/** All topics of one broker, by name. They change in `#enter` and `delete` only. */
export class Topics {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()
  #partitions = 0
  readonly #storage: Storage

  /** Goes on with the topics that an earlier process has left in the storage. */
  constructor(storage: Storage = memoryStorage()) {
    this.#storage = storage
    for (const [name, kept] of storage.facts.all('topic')) {
      const { id, partitions, overrides } = kept as Kept
      this.#enter({
        id,
        name,
        partitions: this.#logs(id, 0, partitions),
        overrides: new Map(Object.entries(overrides)),
      })
    }
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id)
  }

  partition(name: string, partition: number): PartitionLog | undefined {
    return this.#byName.get(name)?.partitions[partition]
  }

  all(): Topic[] {
    return [...this.#byName.values()]
  }

  /** Whether `create` would succeed. */
  check(name: string, partitions: number): Code {
    if (!isLegalName(name)) return code.invalidTopic
    if (this.#byName.has(name)) return code.topicAlreadyExists
    return this.checkPartitions(0, partitions)
  }

  /** Whether a topic of `now` partitions can have `total`. */
  checkPartitions(now: number, total: number): Code {
    if (total <= now || total > maxPartitions) return code.invalidPartitions
    return this.#partitions + total - now > maxAllPartitions ? code.policyViolation : code.none
  }

  create(name: string, partitions: number, overrides: Overrides = new Map()): Code {
    const refused = this.check(name, partitions)
    if (refused !== code.none) return refused
    const id = randomBytes(16).toString('hex')
    this.#put({ id, name, partitions: this.#logs(id, 0, partitions), overrides })
    return code.none
  }

  /** Adds empty partitions until there are `total`. */
  grow(name: string, total: number): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    const refused = this.checkPartitions(topic.partitions.length, total)
    if (refused !== code.none) return refused
    const added = this.#logs(topic.id, topic.partitions.length, total)
    this.#put({ ...topic, partitions: [...topic.partitions, ...added] })
    return code.none
  }

  /** Replaces the settings of a topic; the values are known to be good. */
  configure(name: string, overrides: Overrides): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    this.#put({ ...topic, overrides })
    return code.none
  }

  delete(name: string): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    this.#storage.facts.set('topic', name, undefined)
    this.#byName.delete(name)
    this.#byId.delete(topic.id)
    this.#partitions -= topic.partitions.length
    this.#storage.remove(topic.id)
    for (const log of topic.partitions) log.wake() // a waiting fetch answers that the topic is gone
    return code.none
  }

  #put(topic: Topic): void {
    const overrides = Object.fromEntries(topic.overrides)
    const kept: Kept = { id: topic.id, partitions: topic.partitions.length, overrides }
    this.#storage.facts.set('topic', topic.name, kept)
    this.#enter(topic)
  }

  #enter(topic: Topic): void {
    this.#partitions += topic.partitions.length - (this.#byName.get(topic.name)?.partitions.length ?? 0)
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    const policy = policyOf(topic.overrides)
    for (const log of topic.partitions) log.policy = policy
  }

  #logs(id: string, from: number, to: number): PartitionLog[] {
    return Array.from({ length: to - from }, (_, index) => new PartitionLog(this.#storage.shelf(id, from + index)))
  }
}
