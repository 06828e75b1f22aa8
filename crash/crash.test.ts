import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtProject, type Project, run } from '../infra/project.fixture.js'
import { directHandler } from './direct.fixture.js'
import type { Report } from './run.js'

/** A kill costs a lease and a start of a process; on busy processors all of it takes longer. */
const patienceMs = 150_000

let project: Project
beforeAll(async () => {
  project = await builtProject()
}, patienceMs)
afterAll(() => project?.remove())

async function crash(...args: readonly string[]) {
  const env = { PATH: process.env.PATH ?? '', HOME: project.path, SLS_NOTIFICATIONS_MODE: 'off' }
  const { status, stdout, output } = await run(process.execPath, ['dist/crash/main.js', ...args], {
    cwd: project.path,
    env,
  })
  return { status, stdout, output }
}

describe('a worker that is killed again and again', () => {
  it(
    '[P-12 partly, R-25, T-05 partly] loses no order and makes no effect twice: balances are exact',
    { timeout: patienceMs },
    async () => {
      const { status, stdout, output } = await crash('--json', '--kills', '8', '--seed', '1')
      expect(status, output).toBe(0)
      const report = JSON.parse(stdout) as Report
      expect(report).toMatchObject({ ok: true, seed: 1, kills: 8, duplicateEffects: 0, lost: 0 })
      expect(report.settled + report.convicted).toBe(report.produced)
      expect(report.killsInClaim).toBeGreaterThanOrEqual(4)
    },
  )

  it('is seen to repeat effects where they are not made with the settle', { timeout: patienceMs }, async () => {
    const handler = join(project.path, 'functions/orders/handler.ts')
    const own = await readFile(handler, 'utf8')
    await writeFile(handler, directHandler)
    const { status, stdout, output } = await crash('--json', '--kills', '4', '--seed', '1').finally(() =>
      writeFile(handler, own),
    )
    expect(status, output).toBe(1)
    const { checks, duplicateEffects, lost } = JSON.parse(stdout) as Report
    const failed = checks.flatMap(({ name, ok }) => (ok ? [] : [name]))
    expect(failed).toEqual(expect.arrayContaining(['balances', 'second effects']))
    expect(duplicateEffects).toBeGreaterThan(0)
    expect(lost).toBe(0)
  })

  it('takes no other arguments than it says', { timeout: patienceMs }, async () => {
    const { status, output } = await crash('--kills', 'many')
    expect(status).toBe(2)
    expect(output).toMatch(/ML_USAGE: --kills .*npm run crash -- /)
  })
})
