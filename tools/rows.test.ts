import { describe, expect, it } from 'vitest'
import type { TestResult } from './reports.js'
import { testResults } from './reports.js'
import { mentions, rowIds } from './row-ids.js'
import { rowsOf, summary, table } from './rows.js'

function result(name: string, status: TestResult['status'] = 'passed'): TestResult {
  return { name, status, file: 'lib/some.test.ts' }
}

// Composed, so that these examples are no claims of this file's own tests.
const row = (list: string) => `[${list}]`

describe('the rows of the requirements', () => {
  it('are 126', () => {
    expect(rowIds).toHaveLength(126)
    expect([rowIds[0], rowIds[24], rowIds[25], rowIds.at(-1)]).toEqual(['T-01', 'T-25', 'E-01', 'R-45'])
  })

  it.each([
    [row('T-03'), ['T-03']],
    [`a ${row('P-01, P-02 partly, P-04')} b`, ['P-01', 'P-02 partly', 'P-04']],
    [row('K-10 (partly)'), ['K-10 partly']],
    [`${row('E-01..E-03')} and ${row('T-1')}`, ['E-01', 'E-02', 'E-03', 'T-01']],
    [`${row('a, T-03')} ${row('1, 2')} T-03`, []],
  ])('are read from a name, example %#', (name, expected) => {
    expect(mentions(name).map(({ id, partly }) => (partly ? `${id} partly` : id))).toEqual(expected)
  })

  it('refuse a range that runs backwards or across letters', () => {
    expect(() => mentions(row('E-04..E-01'))).toThrow('no range')
    expect(() => mentions(row('E-01..K-04'))).toThrow('no range')
  })

  it('are proven by a passing test that names them wholly, unless another one fails', () => {
    const { rows, unknown } = rowsOf([
      result(`proven ${row('T-01, T-02 partly')}`),
      result(`twice ${row('T-02 partly, T-03')}`),
      result(`broken ${row('T-03')}`, 'failed'),
      result(`not run ${row('T-04')}`, 'skipped'),
      result(`mistaken ${row('T-99')}`),
    ])
    expect(rows.slice(0, 4).map(({ id, state, tests }) => [id, state, tests.length])).toEqual([
      ['T-01', 'proven', 1],
      ['T-02', 'partly', 2],
      ['T-03', 'failing', 2],
      ['T-04', 'open', 0],
    ])
    expect(unknown).toEqual([`T-99 in "mistaken ${row('T-99')}"`])
    expect(table(rows).slice(0, 4)).toEqual([
      `T-01  proven   proven ${row('T-01, T-02 partly')}  lib/some.test.ts`,
      `T-02  partly   (partly) proven ${row('T-01, T-02 partly')}  lib/some.test.ts`,
      `               (partly) twice ${row('T-02 partly, T-03')}  lib/some.test.ts`,
      `T-03  failing  twice ${row('T-02 partly, T-03')}  lib/some.test.ts`,
    ])
    expect(summary(rows)).toBe('1 of 126 rows proven (1 partly)')
  })

  it('take anything that neither passed nor failed for not run', () => {
    const assertionResults = ['passed', 'failed', 'pending', 'todo'].map((status) => ({ fullName: status, status }))
    const results = testResults({ testResults: [{ name: '/x.test.ts', assertionResults }] })
    expect(results.map(({ status }) => status)).toEqual(['passed', 'failed', 'skipped', 'skipped'])
  })
})
