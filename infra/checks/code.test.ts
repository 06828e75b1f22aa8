import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Serverless } from '../serverless.js'
import { codeOf } from './code.js'

let serviceDir = ''
beforeAll(async () => {
  serviceDir = await mkdtemp(join(tmpdir(), 'millrace-needs-'))
  await mkdir(join(serviceDir, 'node_modules'))
  await symlink(fileURLToPath(new URL('../..', import.meta.url)), join(serviceDir, 'node_modules/millrace'))
})
afterAll(() => rm(serviceDir, { recursive: true, force: true }))

/** The needs of a function whose zip has this module. */
async function needsOf(code: string, environment: Record<string, unknown> = {}) {
  await writeFile(join(serviceDir, 'fn.zip'), zipSync({ 'src/handler.mjs': strToU8(code) }))
  const functions = { fn: { handler: 'src/handler.handler', environment, package: { artifact: 'fn.zip' } } }
  const service = { service: 'shop', provider: { name: 'aws' }, functions }
  return (await codeOf({ service, serviceDir } as unknown as Serverless, 'fn')).needs
}

it('are read from the packaged code, with the environment that it will have, and nothing of it is kept', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'mine')
  const code = `import { kafkaFunction } from 'millrace'
    if (process.env.AWS_SECRET_ACCESS_KEY !== undefined) throw new Error('has credentials')
    setInterval(() => {}, 1000)
    console.log('anything')
    export const handler = kafkaFunction({ recordTimeoutMs: 5_000, retry: { attempts: Number(process.env.ATTEMPTS) }, hold: { maxDeliveries: 7 }, poison: { sink: 'fail' } }, () => {}).use({ before: () => {} })`
  expect(await needsOf(code, { ATTEMPTS: '12', TABLE: { Ref: 'Table' } })).toEqual({
    attempts: 12,
    intervalMs: 200,
    factor: 2,
    capMs: 30_000,
    holds: true,
    keeps: true,
    maxHolds: 7,
    leaseMs: 10_000,
    recordTimeoutMs: 5_000,
  })
  expect(await readdir(serviceDir)).not.toContain('.serverless')
  vi.unstubAllEnvs()
})

it.each([
  ['that is not made by kafkaFunction', 'export const handler = async () => {}', /src\/handler.handler is not what/],
  ['that throws as it is loaded', 'throw new TypeError("no table")', /^TypeError: no table$/],
  ['that exits as it is loaded', 'process.exit(3)', /exit code 3/],
  ['that exports nothing', '', /^Runtime.HandlerNotFound: /],
])('are not known of a handler %s', async (_what, code, reason) => {
  expect(await needsOf(code)).toMatch(reason)
})

it('are not known of a function without a zip', async () => {
  const of = (functions: object) => {
    const service = { service: 'shop', provider: { name: 'aws' }, functions }
    return codeOf({ service, serviceDir } as unknown as Serverless, 'fn')
  }
  expect(await of({ fn: { handler: 'a.b' } })).toEqual({ needs: 'it has no zip with a handler', exits: [] })
  expect((await of({ fn: { handler: 'a.b', package: { artifact: 'gone.zip' } } })).needs).toMatch(/no such file/)
})
