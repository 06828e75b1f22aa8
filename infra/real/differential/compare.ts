import type { Pair } from './case.js'
import { matchesPath, normalise } from './normalise.js'

/** One field in which the sides differ, with all that is in it; `<absent>` where one has no such field. */
export interface Difference {
  readonly case: string
  readonly path: string
  readonly embedded: unknown
  readonly real: unknown
}

/** A difference that may be, and has to be. */
export interface Allowance {
  readonly id: string
  /** Of the case: its id, or a pattern with `*` for any run of characters. */
  readonly case: string
  /** As of {@link matchesPath}. */
  readonly path: string
  /** Why it harms nobody. */
  readonly reason: string
  /** Where that can be read. */
  readonly source: string
  /** Which differences there it is meant for; default all. */
  readonly when?: (embedded: unknown, real: unknown) => boolean
}

/** What the comparison of all cases came to. */
export interface Comparison {
  readonly cases: number
  /** Cases without any difference. */
  readonly equal: number
  /** Cases with allowed differences only. */
  readonly tolerated: number
  readonly allowed: readonly (Pick<Allowance, 'id' | 'reason' | 'source'> & { readonly cases: readonly string[] })[]
  readonly unexplained: readonly Difference[]
  /** Cases that came to no answer on a side, each with why. */
  readonly broken: readonly string[]
  /** Allowances that nothing needed. */
  readonly stale: readonly string[]
}

/** Compares what both sides answered, case by case and field by field. */
export function compare(pairs: readonly Pair[], allowances: readonly Allowance[]): Comparison {
  const used = new Map(allowances.map(({ id }) => [id, new Set<string>()]))
  const unexplained: Difference[] = []
  let equal = 0
  let tolerated = 0
  for (const pair of pairs) {
    const differences = differencesOf(pair)
    const left = differences.filter((difference) => {
      const allowance = allowances.find((one) => covers(one, difference))
      if (allowance) used.get(allowance.id)?.add(pair.id)
      return allowance === undefined
    })
    unexplained.push(...left)
    if (differences.length === 0) equal += broken(pair).length === 0 ? 1 : 0
    else if (left.length === 0) tolerated++
  }
  const allowed = allowances.flatMap(({ id, reason, source }) => {
    const cases = [...(used.get(id) ?? [])]
    return cases.length > 0 ? [{ id, reason, source, cases }] : []
  })
  const stale = allowances.filter(({ id }) => used.get(id)?.size === 0).map(({ id }) => id)
  return { cases: pairs.length, equal, tolerated, allowed, unexplained, broken: pairs.flatMap(broken), stale }
}

/** A case that breaks on both sides shows nothing, and one that breaks on one is a difference as a whole. */
function broken({ id, embedded, real }: Pair): string[] {
  return 'broke' in embedded && 'broke' in real ? [`${id}: ${real.broke}`] : []
}

function differencesOf({ id, embedded, real }: Pair): Difference[] {
  if ('broke' in embedded && 'broke' in real) return []
  // Where one has no answer, its fields are of no interest.
  if ('broke' in embedded) return [{ case: id, path: '', embedded: embedded.broke, real: '<an answer>' }]
  if ('broke' in real) return [{ case: id, path: '', embedded: '<an answer>', real: real.broke }]
  return [...fieldsOf(normalise(embedded.answer), normalise(real.answer), '')].map((one) => ({ case: id, ...one }))
}

/** The outermost fields that differ. */
function* fieldsOf(embedded: unknown, real: unknown, path: string): Generator<Omit<Difference, 'case'>> {
  if (!isCollection(embedded) || !isCollection(real) || Array.isArray(embedded) !== Array.isArray(real)) {
    if (embedded !== real) yield { path, embedded, real }
    return
  }
  for (const key of new Set([...Object.keys(embedded), ...Object.keys(real)])) {
    const field = path === '' ? key : `${path}.${key}`
    yield* fieldsOf(key in embedded ? embedded[key] : '<absent>', key in real ? real[key] : '<absent>', field)
  }
}

const isCollection = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function covers(allowance: Allowance, { case: id, path, embedded, real }: Difference): boolean {
  const pattern = allowance.case.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return (
    new RegExp(`^${pattern.join('.*')}$`).test(id) &&
    matchesPath(allowance.path, path) &&
    (allowance.when?.(embedded, real) ?? true)
  )
}
