import { describe, expect, it } from 'vitest'
import type { Finished } from '../job.js'
import { soundFacts } from '../verify/facts.fixture.js'
import { verify } from '../verify/index.js'
import { lineOf, progressLine, reportText } from './index.js'

function finished(change: Parameters<typeof verify>[0] = soundFacts()): Finished {
  const verdict = verify(change)
  const report = { ok: verdict.checks.every(({ ok }) => ok), ...verdict, killedPid: 1, redelivered: 2, metrics: {} }
  return { report, ground: 'an embedded Kafka broker', elapsedMs: 1_000, logs: '.millrace/logs' }
}

describe('the report for people', () => {
  it('has one row per check, and ends with what counts', () => {
    const text = reportText(finished())
    expect(text.match(/^ {2}ok /gm)).toHaveLength(14)
    expect(text).toContain('7 records: 4 ok, 2 fallback, 1 dropped, 0 lost')
    expect(text.trimEnd().split('\n').at(-1)).toBe('Every check held.')
  })

  it('names the checks that failed', () => {
    const text = reportText(finished({ ...soundFacts(), lag: new Map([[3, 9]]) }))
    expect(text).toMatch(/^ {2}FAILED {2}lag +partition 3: 9 behind$/m)
    expect(text).toContain('1 of 14 checks failed: lag')
  })
})

describe('the progress line', () => {
  it('tells how far the run is, and whom it has killed', () => {
    const progress = { produced: 500, runs: 90, invocations: 3, killedPid: undefined }
    expect(lineOf({ stage: 'packaging', progress: undefined }, 1000)).toBe('packaging')
    expect(lineOf({ stage: 'producing', progress }, 1000)).toBe('90 runs of 1000 orders · 3 batches · 500 produced')
    expect(lineOf({ stage: 'waiting', progress: { ...progress, produced: 1000, killedPid: 7 } }, 1000)).toBe(
      '90 runs of 1000 orders · 3 batches · killed 7 · waiting',
    )
  })

  it('is drawn on a terminal only', () => {
    const written: string[] = []
    const stream = (isTTY: boolean) =>
      ({ isTTY, columns: 80, write: (text: string) => written.push(text) }) as unknown as NodeJS.WriteStream
    const ask = () => ({ stage: 'packaging', progress: undefined })
    progressLine(stream(false), 10, ask)()
    expect(written).toEqual([])
    progressLine(stream(true), 10, ask)()
    expect(written).toEqual(['\r\u001b[2K'])
  })
})
