import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { esmSwitches, readSwitches } from './switches.js'

it('are documented, each with its values, its default first, and its why', () => {
  const page = readFileSync(new URL('../../../docs/esm.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## Switches'))
  const documented = section.split('\n').filter((line) => line.startsWith('| `'))
  const expected = Object.entries(esmSwitches).map(
    ([name, { values, why }]) => `| \`${name}\` | ${values.map((value) => `\`${value}\``).join(', ')} | ${why} |`,
  )
  expect(documented).toEqual(expected)
})

it('take their defaults where nothing is said', () => {
  const all = readSwitches({ redelivery: 'reported-only', bisectConsumesRetries: true })
  expect(all).toMatchObject({ redelivery: 'reported-only', bisectConsumesRetries: true, partialCommit: 'with-batch' })
  expect(Object.keys(all).sort()).toEqual(Object.keys(esmSwitches).sort())
})

it.each([
  ['a name that is none', { redeliver: 'from-lowest' }, 'give one of the switches redelivery, '],
  ['a value that is none', { redelivery: 'all' }, 'give one of from-lowest, reported-only'],
  ['a name of the language', { toString: 'x' }, 'give one of the switches'],
])('refuse %s', (_, given, right) => {
  expect(() => readSwitches(given as object)).toThrow(right)
  expect(() => readSwitches(given as object)).toThrow('ML_OPTION_INVALID')
})
