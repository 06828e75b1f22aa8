import { randomBytes } from 'node:crypto'
import { type Code, code } from '../wire/codes.js'
import { PartitionLog } from './partition.js'
import { type Overrides, policyOf } from './settings.js'

/** Keeps a slip of the finger (a million partitions) from taking the memory of the machine. */
const maxPartitions = 10_000
const legalName = /^[a-zA-Z0-9._-]{1,249}$/

/** One topic; a topic deleted and created again is another topic with another id. */
export interface Topic {
  /** 32 hexadecimal digits, drawn at creation */
  readonly id: string
  readonly name: string
  readonly partitions: readonly PartitionLog[]
  /** settings that differ from the defaults */
  readonly overrides: Overrides
}

/** All topics of one broker, by name. They change in `#set` and `delete` only. */
export class Topics {
  readonly #byName = new Map<string, Topic>()
  readonly #byId = new Map<string, Topic>()

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
    if (!legalName.test(name) || name === '.' || name === '..') return code.invalidTopic
    if (this.#byName.has(name)) return code.topicAlreadyExists
    return partitions >= 1 && partitions <= maxPartitions ? code.none : code.invalidPartitions
  }

  create(name: string, partitions: number, overrides: Overrides = new Map()): Code {
    const refused = this.check(name, partitions)
    if (refused !== code.none) return refused
    this.#set({ id: randomBytes(16).toString('hex'), name, partitions: newLogs(partitions, overrides), overrides })
    return code.none
  }

  /** Adds empty partitions until there are `total`. */
  grow(name: string, total: number): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    if (total <= topic.partitions.length || total > maxPartitions) return code.invalidPartitions
    const added = newLogs(total - topic.partitions.length, topic.overrides)
    this.#set({ ...topic, partitions: [...topic.partitions, ...added] })
    return code.none
  }

  /** Replaces the settings of a topic; the values are known to be good. */
  configure(name: string, overrides: Overrides): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    this.#set({ ...topic, overrides })
    return code.none
  }

  delete(name: string): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    this.#byName.delete(name)
    this.#byId.delete(topic.id)
    for (const log of topic.partitions) log.wake() // a waiting fetch answers that the topic is gone
    return code.none
  }

  #set(topic: Topic): void {
    this.#byName.set(topic.name, topic)
    this.#byId.set(topic.id, topic)
    const policy = policyOf(topic.overrides)
    for (const log of topic.partitions) log.policy = policy
  }
}

function newLogs(count: number, overrides: Overrides): PartitionLog[] {
  return Array.from({ length: count }, () => new PartitionLog(policyOf(overrides)))
}
