import type { Provenance } from '../../sink/envelope/index.js'
import { usage } from '../voice.js'
import { timeOf } from './time.js'

/** Which envelopes a command is about, as its options say it. */
export interface FilterOptions {
  readonly since?: string
  readonly until?: string
  readonly function?: string
  readonly group?: string
  /** The stage at which it failed. */
  readonly failedAt?: string
  readonly rule?: string
  /** Class of the error, or its code. */
  readonly error?: string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: string
}

/** Which envelopes are meant. What cannot be read is meant where only ids were given, or nothing. */
export interface Filter {
  /** Whether it is about all there are. */
  readonly all: boolean
  matches(id: string, about: Provenance | undefined): boolean
}

/**
 * @param now epoch ms
 * @param functions of the stack, that may be meant by their names in serverless.yml
 * @throws MillraceError `ML_USAGE`
 */
export function filterOf(
  options: FilterOptions,
  ids: readonly string[],
  now: number,
  functions: readonly { readonly name: string; readonly deployed: string }[] = [],
): Filter {
  for (const id of ids) {
    if (!/^[^:#]+:\d+:\d+$/.test(id))
      throw usage(`${id} is no id; an id is topic:partition:offset, as the list shows it`)
  }
  const tests = testsOf(options, now, functions)
  return {
    all: tests.length === 0 && ids.length === 0,
    matches: (id, about) =>
      (ids.length === 0 || ids.includes(id)) &&
      (tests.length === 0 || (about !== undefined && tests.every((test) => test(about)))),
  }
}

type Test = (about: Provenance) => boolean

/** One for each option that is given. */
function testsOf(options: FilterOptions, now: number, functions: Parameters<typeof filterOf>[3] = []): Test[] {
  const tests: Test[] = []
  const add = <T>(wanted: T | undefined, matches: (about: Provenance, wanted: T) => boolean): void => {
    if (wanted !== undefined) tests.push((about) => matches(about, wanted))
  }
  const { since, until, offset } = options
  const deployed = functions.flatMap((one) => (one.name === options.function ? one.deployed : []))
  add(since === undefined ? undefined : timeOf(since, '--since', now), ({ lastSeen }, from) => lastSeen >= from)
  add(until === undefined ? undefined : timeOf(until, '--until', now), ({ lastSeen }, to) => lastSeen <= to)
  add(
    offset === undefined ? undefined : offsetsOf(offset),
    (about, { from, to }) => about.offset >= from && about.offset <= to,
  )
  add(options.function, (about, name) => about.function === name || deployed.includes(about.function))
  add(options.group, ({ group }, wanted) => group === wanted)
  add(options.failedAt, ({ stage }, wanted) => stage === wanted)
  add(options.rule, ({ rule }, wanted) => rule === wanted)
  add(options.error, ({ error }, wanted) => error?.name === wanted || error?.message.startsWith(`${wanted}:`) === true)
  add(options.topic, ({ topic }, wanted) => topic === wanted)
  add(options.partition, ({ partition }, wanted) => partition === wanted)
  return tests
}

/** `42`, `10-20`, both included, or `10-`. */
function offsetsOf(text: string): { readonly from: number; readonly to: number } {
  const [, from, range, to] = /^(\d+)(?:(-)(\d*))?$/.exec(text) ?? []
  if (from === undefined) throw usage(`--offset ${text} is no offset; give one as 42, 10-20 or 10-`)
  if (range === undefined) return { from: Number(from), to: Number(from) }
  return { from: Number(from), to: to ? Number(to) : Number.POSITIVE_INFINITY }
}
