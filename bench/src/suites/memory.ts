import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inChild } from '../measure/children.js'
import { median } from '../measure/rounds.js'
import type { MemoryTaken } from '../memory/memory-process.js'
import { result, type Suite } from '../result.js'
import { orderSource } from '../sides/orders.js'
import { ours } from '../sides/ours.js'
import { deployInMemory } from './setup.js'

/** The memory of one batch of 10,000 records, each time in a new process. */
export const memory: Suite = async ({ rounds, smoke }) => {
  const size = smoke ? 100 : 10_000
  const store = deployInMemory(['memory'])
  await ours().deliver(orderSource('memory', 4).next(40))
  const [settle = 0, claim = 0] = store.stateBytes
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    const path = join(folder, 'event.json')
    await writeFile(path, JSON.stringify(orderSource('memory', 4, 1_000).next(size)))
    const taken: Record<string, MemoryTaken[]> = { millrace: [], plain: [] }
    for (let round = 0; round < rounds; round++) {
      for (const [side, all] of Object.entries(taken)) {
        const args = [side, path, JSON.stringify({ claim, settle })]
        all.push(await inChild<MemoryTaken>('memory/memory-process.js', { args, nodeArgs: ['--expose-gc'] }))
      }
    }
    const megabytes = (side: string, what: keyof MemoryTaken) =>
      median((taken[side] ?? []).map((one) => one[what])) / 1024 / 1024
    const compared = (what: keyof MemoryTaken, name: string) =>
      result({
        name: `memory: ${name}, one batch of ${size} records, plain loop`,
        unit: 'MB',
        ours: megabytes('millrace', what),
        peer: megabytes('plain', what),
        goal: null,
        bound: 'at most',
      })
    return [
      compared('peak', 'rise of the peak (resident)'),
      compared('held', 'held on the heap with the last record in its handler'),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}
