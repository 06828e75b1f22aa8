import { afterEach, describe, expect, it } from 'vitest'
import { packagedService } from '../local/template/service.fixture.js'
import { gone, millrace, type Running } from './cli.fixture.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Partial responses, which Lambda takes in provisioned mode. */
const mapping = {
  MaximumBatchingWindowInSeconds: 0,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1 },
}

function chaos(code: string, args: string): Running {
  const service = packagedService({ code, mapping })
  const running = millrace(['chaos', '--no-package', '--json', ...args.split(' ')], service.dir)
  cleanups.push(async () => {
    running.child.kill('SIGKILL')
    await running.ended
    service.remove()
  })
  return running
}

const faultsOf = (running: Running) =>
  running.lines<{ event: string; kind: string }>().flatMap(({ event, kind }) => (event === 'fault' ? [kind] : []))

describe('millrace chaos', { timeout: 120_000 }, () => {
  const args = '--faults 7 --seed 4 --rate 50'
  const settles = 'exports.handler = async () => ({ batchItemFailures: [] })'

  it('finds nothing in a service that settles everything, and the seed chooses the same faults again', async () => {
    const [first, second] = [chaos(settles, args), chaos(settles, args)]
    expect(await Promise.all([first.ended, second.ended]), first.output.stderr + second.output.stderr).toEqual([0, 0])
    const report = await first.line<Record<string, number>>('report')
    expect(report).toMatchObject({ ok: true, seed: 4, undelivered: 0, unsettled: [], violations: [], drained: true })
    expect(report.produced).toBeGreaterThan(0)
    expect(report.settled).toBe(report.delivered)
    expect(faultsOf(second)).toEqual(faultsOf(first))
    expect(new Set(faultsOf(first)).size).toBeGreaterThan(2)
  })

  it('finds records that are never settled, and answers that Lambda would not take', async () => {
    const reports = `exports.handler = async ({ records }) => {
      const [[partition, list]] = Object.entries(records)
      return { batchItemFailures: [{ itemIdentifier: { partition, offset: list[0].offset + Number(process.env.PAST ?? 0) } }] }
    }`
    const never = chaos(reports, '--faults 3 --only redeliver --rate 20 --drain 2')
    const foreign = chaos(
      reports.replace('process.env.PAST ?? 0', '1000'),
      '--faults 3 --only redeliver --rate 20 --drain 2',
    )
    expect(await Promise.all([never.ended, foreign.ended])).toEqual([1, 1])
    expect(never.output.stderr).toMatch(/^ML_CHAOS_UNSETTLED: .*--seed \d+/)
    const left = await never.line<{ unsettled: string[] }>('report')
    expect(left).toMatchObject({ ok: false, drained: false, violations: [] })
    expect(left.unsettled[0]).toMatch(/^greetings:\d:\d+$/)
    const { violations } = await foreign.line<{ violations: string[] }>('report')
    expect(violations[0]).toContain('was not in the event')
  })

  it('ends early on Ctrl-C, with a report of what was done, and leaves nothing [R-41 partly]', async () => {
    const running = chaos(settles, '--minutes 5 --seed 1')
    await running.line('fault')
    const children = running.descendants()
    running.ctrlC()
    expect(await running.ended, running.output.stderr).toBe(0)
    expect(await running.line('report')).toMatchObject({ ok: true })
    await Promise.all(children.map(gone))
  })

  it('says which faults there are', async () => {
    const running = chaos(settles, '--only kill,drown')
    expect(await running.ended).toBe(2)
    expect(running.output.stderr).toMatch(/^ML_USAGE: .*"drown".*kill, delay/)
  })
})
