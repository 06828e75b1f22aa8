import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { findingsVariable } from '../../lib/deployment/index.js'
import { MillraceError } from '../../lib/errors.js'
import { catalogue, silenceable } from './catalogue.js'
import { reportFindings } from './report.js'
import { checkProperties } from './settings.js'
import { codesOf, findingsOf } from './subject.fixture.js'

const unsafe = { mapping: { StartingPosition: 'LATEST' }, function: { Timeout: 900 } }
const doubtful = { needs: 'it is closed' }

function refusalOf(findings: Parameters<typeof reportFindings>[0]): MillraceError {
  try {
    reportFindings(findings, () => undefined)
  } catch (error) {
    if (error instanceof MillraceError) return error
  }
  throw new Error('nothing was refused')
}

describe('What the checks find', () => {
  it('is told of all functions together, each with what it concerns', async () => {
    const findings = await findingsOf({ orders: unsafe, audit: unsafe, other: {} })
    expect(findings.map(({ code, ...where }) => [code, where.function, where.type, where.topic])).toEqual([
      ['ML_CHECK_TIMEOUT_LONG', 'orders', undefined, undefined],
      ['ML_CHECK_LATEST', 'orders', 'kafka', 'orders'],
      ['ML_CHECK_TIMEOUT_LONG', 'audit', undefined, undefined],
      ['ML_CHECK_LATEST', 'audit', 'kafka', 'audit'],
    ])
    const { code, message } = refusalOf(findings)
    expect(code).toBe('ML_CHECKS_FAILED')
    expect(message.split('\n')).toHaveLength(5)
    expect(message).toContain('\n- ML_CHECK_LATEST: function audit, kafka event of topic audit: a new group begins')
  })

  it('is an error of its own code where it is one', async () => {
    const { code, message } = refusalOf(await findingsOf({ orders: { function: { Timeout: 900 } } }))
    expect(code).toBe('ML_CHECK_TIMEOUT_LONG')
    expect(message).toMatch(/^ML_CHECK_TIMEOUT_LONG: function orders: its timeout is 900 s/)
  })

  it('is only logged where it is a doubt', async () => {
    const warned: string[] = []
    reportFindings(await findingsOf({ orders: doubtful }), (text) => warned.push(text))
    expect(warned).toEqual([expect.stringMatching(/^ML_CHECK_UNREAD: function orders: .*: it is closed\. /)])
  })

  it('goes to a file where one is named, and then nothing is refused', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-findings-'))
    const file = join(dir, 'findings')
    vi.stubEnv(findingsVariable, file)
    const findings = await findingsOf({ orders: unsafe })
    reportFindings(findings, () => expect.unreachable())
    reportFindings([], () => expect.unreachable())
    const lines = (await readFile(file, 'utf8')).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(findings)
    vi.unstubAllEnvs()
    await rm(dir, { recursive: true })
  })
})

describe('A check', () => {
  it('is turned off by its code for a function that says so, and for no other', async () => {
    const off = { ...unsafe, settings: { checks: { ML_CHECK_LATEST: 'off' } } } as const
    const codes = (await findingsOf({ orders: off, audit: unsafe })).map(({ code }) => code)
    expect(codes).toEqual(['ML_CHECK_TIMEOUT_LONG', 'ML_CHECK_TIMEOUT_LONG', 'ML_CHECK_LATEST'])
  })

  it('that does not exist is not taken, nor another word than off', () => {
    const { properties, additionalProperties } = checkProperties.checks
    expect(additionalProperties).toBe(false)
    expect(properties).toEqual(Object.fromEntries(silenceable.map((code) => [code, { const: 'off' }])))
  })

  it('of what Lambda refuses cannot be turned off', async () => {
    expect(silenceable).not.toContain('ML_CHECK_TIMEOUT_LONG')
    const off = { ...unsafe, settings: { checks: { ML_CHECK_TIMEOUT_LONG: 'off' } } } as const
    expect(await codesOf(off)).toContain('ML_CHECK_TIMEOUT_LONG')
  })

  it('has a section in the documentation that says what it means and how it is turned off', async () => {
    const text = await readFile(new URL('../../docs/checks.md', import.meta.url), 'utf8')
    const sections = text.split(/^### /m).slice(1)
    const documented = sections.map((section) => /^`(ML_\w+)` \((error|warning)(, always)?\)$/m.exec(section)?.slice(1))
    expect(documented).toEqual(
      Object.entries(catalogue).map(([code, { severity, canBeSilenced }]) => [
        ...[code, severity],
        canBeSilenced ? undefined : ', always',
      ]),
    )
    for (const section of sections) expect(section).toMatch(/\*\*What to change\.\*\*/)
  })
})
