import { randomBytes } from 'node:crypto'
import { type Code, code } from '../wire/codes.js'
import { PartitionLog } from './partition.js'

/** Keeps a slip of the finger (a million partitions) from taking the memory of the machine. */
const maxPartitions = 10_000
const legalName = /^[a-zA-Z0-9._-]{1,249}$/

/** One topic; a topic deleted and created again is another topic with another id. */
export interface Topic {
  /** 32 hexadecimal digits, drawn at creation */
  readonly id: string
  readonly name: string
  readonly partitions: readonly PartitionLog[]
}

/** All topics of one broker, by name. */
export class Topics {
  readonly #byName = new Map<string, Topic>()

  get(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  byId(id: string): Topic | undefined {
    return this.all().find((topic) => topic.id === id)
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

  create(name: string, partitions: number): Code {
    const refused = this.check(name, partitions)
    if (refused !== code.none) return refused
    const logs = Array.from({ length: partitions }, () => new PartitionLog())
    this.#byName.set(name, { id: randomBytes(16).toString('hex'), name, partitions: logs })
    return code.none
  }

  /** Adds empty partitions until there are `total`. */
  grow(name: string, total: number): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    if (total <= topic.partitions.length || total > maxPartitions) return code.invalidPartitions
    const added = Array.from({ length: total - topic.partitions.length }, () => new PartitionLog())
    this.#byName.set(name, { ...topic, partitions: [...topic.partitions, ...added] })
    return code.none
  }

  delete(name: string): Code {
    const topic = this.#byName.get(name)
    if (topic === undefined) return code.unknownTopicOrPartition
    this.#byName.delete(name)
    for (const log of topic.partitions) log.wake() // a waiting fetch answers that the topic is gone
    return code.none
  }
}
