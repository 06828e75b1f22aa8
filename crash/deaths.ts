import type { LedgerState } from '../lib/ledger/index.js'
import type { Attempt } from '../lib/local/esm/index.js'
import type { Death } from './verify.js'

/** What is known of the deaths so far. */
export interface Deaths {
  /** To be told of every invocation; `read` answers the ledger's items. */
  onBatch(attempt: Attempt, read: () => Promise<ReadonlyMap<number, LedgerState>>): void
  /** All of them, once the ledger was read for the last. @throws what reading throws */
  all(): Promise<readonly Death[]>
}

/** Looks into the ledger after each death: what the dead one had claimed is still claimed, until its lease is over. */
export function watchDeaths(): Deaths {
  const deaths: Promise<Death>[] = []
  const known = new Set<string>()

  async function inspect(signal: string | null, read: () => Promise<ReadonlyMap<number, LedgerState>>): Promise<Death> {
    const owners = [...(await read()).values()].flatMap(({ claim }) => claim?.owner ?? [])
    // Claims of those that died before are left as well, where nobody has come to take them over.
    const claims = owners.filter((owner) => !known.has(owner)).length
    for (const owner of owners) known.add(owner)
    return { signal, claims }
  }

  return {
    onBatch({ result }, read) {
      if (result?.kind !== 'crash') return
      const death = inspect(result.signal, read)
      deaths.push(death)
      // Whoever asks for it is told; nobody may have to.
      death.catch(() => undefined)
    },
    all: () => Promise.all(deaths),
  }
}
