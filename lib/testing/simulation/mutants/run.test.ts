import { expect, it } from 'vitest'
import { fromDesign, type Mutant } from '../mutants-from-design.js'
import { runMutants } from './index.js'
import { planted } from './planted.js'

const named = (...names: string[]): Mutant[] => [...planted, ...fromDesign].filter(({ name }) => names.includes(name))
const plant = (mutants: readonly Mutant[]) => runMutants({ seed: 1, only: '', mutants, onResult: () => {} })

it('finds bugs that are planted: the check can fail', async () => {
  const results = await plant(named('version-not-checked', 'lost-swap-believed', 'evidence-cleared-wholesale'))
  expect(results).toMatchObject([
    { name: 'version-not-checked', invariant: 'a stale invocation changes nothing' },
    { name: 'lost-swap-believed', foundAt: expect.any(Number) },
    { name: 'evidence-cleared-wholesale', invariant: 'evidence of a crash stays until it is cleared' },
  ])
}, 120_000)

it('plants no bug whose text occurs more or less often than once', async () => {
  const [mutant] = named('version-not-checked')
  const gone = { ...mutant, name: 'gone', find: 'what was never there' } as Mutant
  const ambiguous = { ...mutant, name: 'ambiguous', find: 'key' } as Mutant
  await expect(plant([gone, ambiguous])).rejects.toThrow(/gone: .* 0 times in .*\n.*ambiguous: .* \d+ times/)
})
