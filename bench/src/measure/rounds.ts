/** A timed piece of work: what it takes is built before, and not counted. */
export interface Contender {
  readonly name: string
  /** Builds the input of one round; called before the clock starts. */
  prepare(): () => Promise<number>
}

/** Something that measures itself, once a round. */
export interface Measured {
  readonly name: string
  /** @param round -1 for the one that is not counted */
  measure(round: number): Promise<number>
}

/**
 * Runs all contenders in turn, round by round, so that what slows the machine for a while slows all of them; whoever began the
 * last round comes last in the next. One round before the first is not counted.
 *
 * @returns per contender and round, what it measured
 */
export async function measuredInRounds(
  contenders: readonly Measured[],
  rounds: number,
): Promise<Record<string, number[]>> {
  const measured: Record<string, number[]> = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const i of contenders.keys()) {
      const contender = contenders[(i + round + 1) % contenders.length]
      if (contender === undefined) continue
      const value = await contender.measure(round)
      if (round >= 0) measured[contender.name]?.push(value)
    }
  }
  return measured
}

/** The same for what is timed here. @returns per contender and round, milliseconds per unit of work */
export function inRounds(contenders: readonly Contender[], rounds: number): Promise<Record<string, number[]>> {
  return measuredInRounds(
    contenders.map((contender) => ({ name: contender.name, measure: () => timed(contender) })),
    rounds,
  )
}

async function timed({ prepare }: Contender): Promise<number> {
  const run = prepare()
  settleHeap()
  const start = performance.now()
  const units = await run()
  return (performance.now() - start) / units
}

/**
 * What was prepared goes where old objects live, and young garbage of others is cleared at their cost. Never a full collection:
 * between two rounds it finds no record alive, so V8 forgets their shapes and the code compiled for them, which no environment
 * that handles one event after another lives through.
 */
function settleHeap(): void {
  for (let i = 0; i < 2; i++) globalThis.gc?.({ type: 'minor' })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = Number.NaN, high = low] = sorted.slice((sorted.length - 1) >> 1, middle + 1)
  return (low + high) / 2
}
