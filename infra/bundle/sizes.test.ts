import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { BundleSettings } from '../../lib/local/bundle/index.js'
import type { Plan, PlannedFunction } from '../plan.js'
import { checkSizes } from './index.js'

let dir = ''
const warnings: string[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-sizes-'))
  const map = strToU8('m'.repeat(100 * 1024))
  for (const kb of [2_999, 3_001]) {
    await writeFile(join(dir, `${kb}.zip`), zipSync({ 'a.cjs': strToU8('x'.repeat(kb * 1024)), 'a.cjs.map': map }))
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))
afterEach(() => {
  warnings.splice(0)
  vi.unstubAllEnvs()
})

/** Checks a service of one function. */
function check(artifact: string, own: BundleSettings = {}, service: BundleSettings = {}): Promise<void> {
  const orders = { name: 'orders', declared: { package: { artifact } }, settings: { bundle: own } }
  const plan: Pick<Plan, 'settings' | 'functions' | 'service' | 'warn'> = {
    service: { service: 'shop', provider: { name: 'aws' } },
    settings: { bundle: service },
    functions: [orders as unknown as PlannedFunction],
    warn: (text) => warnings.push(text),
  }
  return checkSizes(plan as Plan, dir)
}

describe('a function’s code', () => {
  it('is refused where it is over the budget that the service sets, with what shows why', async () => {
    await expect(check('2999.zip', {}, { budgetKb: 2_000 })).rejects.toThrow(
      /^ML_BUNDLE_TOO_LARGE: the code of function orders is 2,999 KB, over its budget of 2,000 KB: `millrace bundle`/,
    )
  })

  it('is held against the function’s own budget first', async () => {
    await check('2999.zip', { budgetKb: 2_999 }, { budgetKb: 2_000 })
    await expect(check('2999.zip', { budgetKb: 2_998 }, { budgetKb: 5_000 })).rejects.toThrow('ML_BUNDLE_TOO_LARGE')
    expect(warnings).toEqual([])
  })

  it('is a warning over the default budget, for which nobody asked; source maps do not count', async () => {
    await check('2999.zip')
    expect(warnings).toEqual([])
    await check('3001.zip')
    expect(warnings).toEqual([expect.stringMatching(/^the code of function orders is 3,001 KB, over 3,000 KB/)])
  })

  it('is not looked at where there is none, nor where `millrace bundle` tells of it', async () => {
    await check('none.zip', { budgetKb: 1 })
    await check('image')
    vi.stubEnv('MILLRACE_BUNDLE', 'report')
    await check('3001.zip', { budgetKb: 1 })
    expect(warnings).toEqual([])
  })
})
