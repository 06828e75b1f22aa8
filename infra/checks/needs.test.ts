import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Serverless } from '../serverless.js'
import { needsOf } from './needs.js'

let serviceDir = ''
beforeAll(async () => {
  serviceDir = await mkdtemp(join(tmpdir(), 'millrace-needs-'))
  await mkdir(join(serviceDir, 'node_modules'))
  await symlink(fileURLToPath(new URL('../..', import.meta.url)), join(serviceDir, 'node_modules/millrace'))
})
afterAll(() => rm(serviceDir, { recursive: true, force: true }))

/** The needs of a function whose zip has this module. */
async function loaded(code: string, environment: Record<string, unknown> = {}) {
  await writeFile(join(serviceDir, 'fn.zip'), zipSync({ 'src/handler.mjs': strToU8(code) }))
  const functions = { fn: { handler: 'src/handler.handler', environment, package: { artifact: 'fn.zip' } } }
  const service = { service: 'shop', provider: { name: 'aws' }, functions }
  return needsOf({ service, serviceDir } as unknown as Serverless, 'fn')
}

it('are read from the packaged code, with the environment that it will have, and nothing of it is kept', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'mine')
  const code = `import { kafkaFunction } from 'millrace'
    if (process.env.AWS_SECRET_ACCESS_KEY !== undefined) throw new Error('has credentials')
    setInterval(() => {}, 1000)
    console.log('anything')
    export const handler = kafkaFunction({ retry: { attempts: Number(process.env.ATTEMPTS) }, hold: { maxDeliveries: 7 }, poison: { sink: 'fail' } }, () => {}).use({ before: () => {} })`
  expect(await loaded(code, { ATTEMPTS: '12', TABLE: { Ref: 'Table' } })).toEqual({
    attempts: 12,
    intervalMs: 200,
    factor: 2,
    capMs: 30_000,
    holds: true,
    keeps: true,
    maxHolds: 7,
  })
  expect(await readdir(join(serviceDir, '.serverless'))).toEqual([])
  vi.unstubAllEnvs()
})

it.each([
  ['that is not made by kafkaFunction', 'export const handler = async () => {}', /src\/handler.handler is not what/],
  ['that throws as it is loaded', 'throw new TypeError("no table")', /^TypeError: no table$/],
  ['that exits as it is loaded', 'process.exit(3)', /exit code 3/],
  ['that exports nothing', '', /^Runtime.HandlerNotFound: /],
])('are not known of a handler %s', async (_what, code, reason) => {
  expect(await loaded(code)).toMatch(reason)
})

it('are not known of a function without a zip', async () => {
  const of = (functions: object) =>
    needsOf(
      { service: { service: 'shop', provider: { name: 'aws' }, functions }, serviceDir } as unknown as Serverless,
      'fn',
    )
  expect(await of({ fn: { handler: 'a.b' } })).toBe('it has no zip with a handler')
  expect(await of({ fn: { handler: 'a.b', package: { artifact: 'gone.zip' } } })).toMatch(/no such file/)
})
