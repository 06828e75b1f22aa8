import type { Header } from '../event/index.js'

/** The headers by which a redriven record names the one that was given up on, as text each. */
const names = {
  topic: 'x-original-topic',
  partition: 'x-original-partition',
  offset: 'x-original-offset',
  timestamp: 'x-original-timestamp',
  group: 'x-original-group',
} as const

/** The record that was given up on, and by which group. */
export interface Original {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly group: string
}

/** What is read of a record, delivered or just decoded. */
export interface WithHeaders {
  readonly topic: string
  readonly headers: readonly Header[]
  hasHeader(name: string): boolean
}

/**
 * The headers of a redrive: the record's own as they are, and behind them where it was given up on. A record that is given up on
 * after a redrive and redriven again has several of each: the last name the record that this one repeats, the first the one
 * that began it all.
 */
export function withOriginal(headers: readonly Header[], original: Original): Header[] {
  const own = Object.entries(names).map(([field, key]) => ({
    key,
    value: Buffer.from(String(original[field as keyof Original])),
  }))
  return [...headers, ...own]
}

/**
 * The record that a redriven one repeats; undefined for any other, which costs no more than a look at its headers' names. What
 * was copied to another topic with its headers is not redriven there.
 */
export function originalOf(record: WithHeaders): Original | undefined {
  return record.hasHeader(names.group) ? read(record, () => 0) : undefined
}

/** The record of this topic that was given up on first, where one was redriven several times. */
export function firstOriginalOf(record: WithHeaders): Original | undefined {
  return record.hasHeader(names.group) ? read(record, (topics) => topics.lastIndexOf(record.topic)) : undefined
}

/** A group's id has no more characters than this on a mapping; what has is no group's, and goes into no log line. */
const mostCharacters = 255

/** @param choose which redrive is asked for, of the topics of each, the last one first */
function read({ topic, headers }: WithHeaders, choose: (topics: readonly string[]) => number): Original | undefined {
  // The last of each name belong together, whatever lies before them.
  const texts = (name: string): string[] =>
    headers.flatMap(({ key, value }) => (key === name ? [textOf(value)] : [])).reverse()
  const place = choose(texts(names.topic))
  const text = (name: string): string => texts(name)[place] ?? ''
  const number = (name: string): number => (/^-?\d+$/.test(text(name)) ? Number(text(name)) : Number.NaN)
  const original: Original = {
    topic: text(names.topic),
    partition: number(names.partition),
    offset: number(names.offset),
    timestamp: number(names.timestamp),
    group: text(names.group),
  }
  const { partition, offset, timestamp, group } = original
  const isWhole = group !== '' && [partition, offset, timestamp].every(Number.isSafeInteger)
  return isWhole && original.topic === topic ? original : undefined
}

const textOf = (value: Header['value']): string =>
  value !== null && value.length <= mostCharacters ? value.toString() : ''
