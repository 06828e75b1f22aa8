import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { provokedMetrics } from '../infra/metrics/provoked.fixture.js'
import { shownMetrics } from '../infra/metrics/shown.fixture.js'
import { startBroker } from '../lib/local/broker/index.js'
import { startStore } from '../lib/local/store/index.js'
import type { Report } from './job.js'
import { isAlive } from './watch.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const functionsLog = `${root}.millrace/logs/functions.log`

/** A run packages the service and waits for one lease, or two; on busy processors all of it takes longer. */
const patienceMs = 230_000

/** Runs the main job as `npm start` does, with fewer orders. The first run here packages the service, the others take what it packaged. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { KAFKA_BROKERS: _, AWS_ENDPOINT_URL_DYNAMODB: __, AWS_ENDPOINT_URL: ___, ...inherited } = process.env
  const child = spawn(
    process.execPath,
    ['dist/start/main.js', '--json', '--orders', '1000', '--lease-ms', '2000', ...args],
    {
      cwd: root,
      env: { ...inherited, ...env },
    },
  )
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk) => {
      output[name] += chunk
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  return { child, ended }
}

const failedChecks = (stdout: string): string[] =>
  (JSON.parse(stdout) as Report).checks.flatMap(({ name, ok }) => (ok ? [] : [name]))

/** What a function published that ran as packaged is on the service's dashboard, and whatever is there somebody publishes (P-21). */
async function isShown(metrics: Report['metrics']): Promise<void> {
  const template = readFileSync(`${root}.serverless/cloudformation-template-update-stack.json`, 'utf8')
  const shown = shownMetrics(JSON.parse(template).Resources).filter(({ namespace }) => namespace === 'millrace')
  const names = shown.map(({ name, dimensions }) => `${name} by ${dimensions}`)
  const namesOf = (seen: Report['metrics']) =>
    Object.entries(seen).flatMap(([name, sets]) => sets.map((dimensions) => `${name} by ${dimensions}`))
  const published = namesOf(metrics)
  expect(published).toContain('latency by service,function,topic,group')
  expect(published.filter((name) => !names.includes(name))).toEqual([])
  // What the main job has no cause to publish, others have.
  const rare = namesOf(await provokedMetrics())
  expect(names.filter((name) => !published.includes(name) && !rare.includes(name))).toEqual([])
}

describe('the main job', () => {
  it(
    '[K-07 partly, K-09 partly, P-01, P-02 partly, P-05, P-07 partly, P-09 partly, R-12] holds every check on a Kafka and a DynamoDB that it was given, and refuses them once they are used',
    {
      timeout: patienceMs,
    },
    async () => {
      const [broker, store] = await Promise.all([startBroker(), startStore()])
      try {
        const env = { KAFKA_BROKERS: broker.address, AWS_ENDPOINT_URL_DYNAMODB: store.url }
        const first = await start([], env).ended
        expect(first).toMatchObject({ code: 0, stderr: '' })
        const { checks: _, ...figures } = JSON.parse(first.stdout) as Report
        expect(figures).toMatchObject({ ok: true, produced: 1000, settled: 945, fallback: 35, dropped: 20, lost: 0 })
        expect(figures.orderViolations).toBe(0)
        expect(figures).toMatchObject({ duplicateEffects: 0, duplicateEffectsAllowed: 0 })
        expect(figures.killedPid).toBeGreaterThan(0)
        expect(figures.redelivered).toBeGreaterThan(0)
        await isShown(figures.metrics)
        const second = await start(['--packaged'], env).ended
        expect(second).toMatchObject({ code: 1, stdout: '' })
        expect(second.stderr).toMatch(/^ML_START_NOT_EMPTY: the table .* has items/)
      } finally {
        await Promise.all([broker.stop(), store.stop()])
      }
    },
  )

  it.each([
    ['ledger', 'ledger'],
    ['balance', 'balances'],
    ['fallback', 'failures'],
    ['order', 'order'],
  ])('with --break %s fails the check %s, and no other', { timeout: patienceMs }, async (broken, check) => {
    const { code, stdout, stderr } = await start(['--packaged', '--break', broken]).ended
    expect(stderr).toBe('')
    expect(failedChecks(stdout)).toEqual([check])
    expect(code).toBe(1)
  })

  it('leaves nothing behind when it is interrupted', { timeout: patienceMs }, async () => {
    rmSync(functionsLog, { force: true })
    const { child, ended } = start(['--packaged'])
    await vi.waitFor(() => expect(readFileSync(functionsLog, 'utf8')).toContain('"message":"order"'), {
      timeout: 60_000,
      interval: 100,
    })
    const started = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^ML_START_INTERRUPTED: ended by SIGINT/)
    expect(started.length).toBeGreaterThan(0)
    expect(started.filter(isAlive)).toEqual([])
  })
})
