import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { compiledProgram } from '../../local/program.js'

const main = compiledProgram(new URL('./main.js', import.meta.url))
const run = (args: readonly string[]) => promisify(execFile)(process.execPath, [main, ...args])

it('thousands of spoilt requests and events find nothing that crashes, hangs or leaks; these few are always the same [P-01]', async () => {
  const { stdout } = await run(['--requests', '1500', '--events', '150', '--seed', '20261121', '--json'])
  const { seed, broker, functions } = JSON.parse(stdout)
  expect([...broker.failures, ...functions.failures]).toEqual([])
  expect(seed).toBe(20261121)
  expect(broker.apis.answered).toBe(broker.apis.served)
  // What is sent must be neither all good nor all hopeless.
  expect(broker.fates.answered).toBeGreaterThan(400)
  expect(broker.fates.closed).toBeGreaterThan(200)
  expect(broker.canary.records).toBeGreaterThan(0)
  expect(functions.answered).toBeGreaterThan(20)
  expect(Object.keys(functions.refused).length).toBeGreaterThan(2)
  expect(functions.good).toBe(15)
}, 120_000)

it('says how it is used when it is used wrongly', async () => {
  await expect(run(['--requests', 'many'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('usage:'),
  })
})
