import type { Provenance } from '../../sink/envelope/index.js'
import { usage } from '../voice.js'

/** Which envelopes a command is about, as its options say it. */
export interface FilterOptions {
  readonly since?: string
  readonly until?: string
  readonly function?: string
  readonly group?: string
  /** The stage at which it failed. */
  readonly at?: string
  readonly rule?: string
  /** Class of the error. */
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

const names = ['function', 'group', 'rule', 'topic', 'partition'] as const

/** @param now epoch ms @throws MillraceError `ML_USAGE` */
export function filterOf(options: FilterOptions, ids: readonly string[], now: number): Filter {
  const since = options.since === undefined ? undefined : timeOf(options.since, '--since', now)
  const until = options.until === undefined ? undefined : timeOf(options.until, '--until', now)
  const offsets = options.offset === undefined ? undefined : offsetsOf(options.offset)
  const wanted = names.filter((name) => options[name] !== undefined)
  const byFields =
    [since, until, offsets, options.error, options.at].some((one) => one !== undefined) || wanted.length > 0
  for (const id of ids) {
    if (!/^[^:#]+:\d+:\d+$/.test(id))
      throw usage(`${id} is no id; an id is topic:partition:offset, as the list shows it`)
  }
  const fieldsMatch = (about: Provenance): boolean =>
    wanted.every((name) => about[name] === options[name]) &&
    (options.at === undefined || about.stage === options.at) &&
    (options.error === undefined || about.error?.name === options.error) &&
    (offsets === undefined || (about.offset >= offsets.from && about.offset <= offsets.to)) &&
    (since === undefined || about.lastSeen >= since) &&
    (until === undefined || about.lastSeen <= until)
  return {
    all: !byFields && ids.length === 0,
    matches: (id, about) =>
      (ids.length === 0 || ids.includes(id)) && (!byFields || (about !== undefined && fieldsMatch(about))),
  }
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `2h` ago, or a date of ISO 8601; epoch ms. */
function timeOf(text: string, option: string, now: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * unitMs[unit as keyof typeof unitMs]
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw usage(`${option} ${text} is no time; give one as 2h, 30m or 7d (ago), or as 2026-01-31T12:00:00Z`)
}

/** `42`, `10-20`, both included, or `10-`. */
function offsetsOf(text: string): { readonly from: number; readonly to: number } {
  const [, from, range, to] = /^(\d+)(?:(-)(\d*))?$/.exec(text) ?? []
  if (from === undefined) throw usage(`--offset ${text} is no offset; give one as 42, 10-20 or 10-`)
  if (range === undefined) return { from: Number(from), to: Number(from) }
  return { from: Number(from), to: to ? Number(to) : Number.POSITIVE_INFINITY }
}
