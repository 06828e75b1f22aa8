import type { Case, Pair, Told } from './case.js'
import { plain } from './case.js'

/** A case that takes longer is broken. Milliseconds. */
const patienceMs = 20_000

/** How one side carries out a case. */
export type Runner<Side> = (id: string, work: (side: Side) => Promise<unknown>) => Promise<unknown>

/** Asks both sides at the same time, one case after another. */
export async function runCases<Side>(
  cases: readonly Case<Side>[],
  { embedded, real, signal }: { embedded: Runner<Side>; real: Runner<Side>; signal: AbortSignal },
): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (const one of cases) {
    signal.throwIfAborted()
    const [ours, theirs] = await Promise.all([told(one, embedded), told(one, real)])
    pairs.push({ id: one.id, embedded: ours, real: theirs })
  }
  return pairs
}

async function told<Side>({ id, run }: Case<Side>, runner: Runner<Side>): Promise<Told> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${patienceMs / 1000} s`)), patienceMs)
  })
  try {
    return { answer: plain(await Promise.race([runner(id, run), late])) }
  } catch (error) {
    return { broke: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
