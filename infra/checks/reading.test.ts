import { expect, it } from 'vitest'
import { codesOf, findingOf, findingsOf } from './subject.fixture.js'

it('a new group that begins at the end of its topic is refused, for it misses records', async () => {
  for (const StartingPosition of ['TRIM_HORIZON', 'AT_TIMESTAMP']) {
    expect(await codesOf({ mapping: { StartingPosition } })).toEqual([])
  }
  expect(await findingOf({ mapping: { StartingPosition: 'LATEST' } })).toMatch(/^ML_CHECK_LATEST: .*never delivered/)
})

const filters = (...patterns: object[]) => ({
  mapping: { FilterCriteria: { Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })) } },
})

it('filters are of the value, and each other one is named', async () => {
  expect(await codesOf(filters({ value: { region: ['eu'] } }, { value: { cents: [{ numeric: ['>', 0] }] } }))).toEqual(
    [],
  )
  const wrong = await findingsOf({
    orders: filters({ key: ['a'] }, { value: { a: ['b'] } }, { value: { a: [{ than: 1 }] } }),
  })
  expect(wrong.map(({ code, message }) => [code, message.slice(0, 50)])).toEqual([
    ['ML_CHECK_FILTER', 'Lambda does not take filterPatterns entry 1: the p'],
    ['ML_CHECK_FILTER', 'Lambda does not take filterPatterns entry 3: value'],
  ])
  expect(wrong[0]?.message).toContain('for Kafka, Lambda filters by "value" alone')
})

it('filters are no more than ten', async () => {
  const many = Array.from({ length: 11 }, () => ({ value: { a: ['b'] } }))
  expect(await codesOf(filters(...many.slice(1)))).toEqual([])
  expect(await findingOf(filters(...many))).toMatch(/^ML_CHECK_FILTER: it has 11 filterPatterns/)
})
