import { invalid, optionsOf } from '../../check-option.js'
import { asError, MillraceError, show } from '../../errors.js'
import { broken, close, open, requireShape } from './bench.js'
import { checks } from './checks.js'
import type { SinkCheck, SinkSpec } from './spec.js'

const example = 'sinkConformance({ make: async () => ({ sink, contents }) })'

/**
 * The checks of a sink's contract, for any test runner: each opens the sink on a target of its own, throws where the contract is
 * broken, and cleans up.
 *
 * @throws MillraceError `ML_OPTION_INVALID` without `make`
 *
 * @example
 * ```ts
 * import type { Sink } from 'millrace'
 * import { type KeptRecord, sinkConformance } from 'millrace/testing'
 *
 * async function make() {
 *   const kept = new Map<string, KeptRecord>()
 *   const sink: Sink = {
 *     name: 'map',
 *     async write(records) {
 *       for (const { id, key, value } of records) kept.set(id, { id, key, value })
 *       return records.map(() => ({ ok: true }))
 *     },
 *   }
 *   return { sink, contents: async () => [...kept.values()] }
 * }
 *
 * // In vitest: it.each(sinkConformance({ make }))('$name', ({ run }) => run())
 * for (const { run } of sinkConformance({ make })) await run()
 * console.log('conforms') // conforms
 * ```
 */
export function sinkConformance(spec: SinkSpec): readonly SinkCheck[] {
  optionsOf('sinkConformance', spec, ['make', 'shows', 'mostCalls', 'soonMs'], example)
  if (typeof spec.make !== 'function')
    throw invalid('make', `of sinkConformance is ${show(spec.make)}; write ${example}`)
  const limits = { mostCalls: spec.mostCalls ?? 100, soonMs: spec.soonMs ?? 5_000 }
  const due = checks.filter(({ needs }) => needs === undefined || spec.shows?.includes(needs))
  return due.map(({ name, needs, run }) => ({
    name,
    async run() {
      const on = await spec.make()
      requireShape(on)
      const problem = await problemOf(async () => {
        if (needs !== undefined && on[needs] === undefined)
          throw broken(`the target is to show "${needs}", and does not`)
        await open(on)
        await run(on, limits)
      })
      const problemOfClose = await problemOf(() => close(on, limits.soonMs))
      await on.dispose?.()
      const first = problem ?? problemOfClose
      if (first !== undefined) throw first
    },
  }))
}

/** What is thrown instead of answered is a breach, too. */
async function problemOf(run: () => Promise<void>): Promise<MillraceError | undefined> {
  try {
    await run()
    return undefined
  } catch (thrown) {
    return thrown instanceof MillraceError ? thrown : broken(`threw ${asError(thrown)}`, thrown)
  }
}
