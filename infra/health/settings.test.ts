import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { fences } from '../../tools/markdown.js'
import { healthSchema } from './index.js'

/** The validator that osls has. */
const Ajv: new () => {
  compile(schema: object): (value: unknown) => boolean
} = createRequire(createRequire(import.meta.url).resolve('serverless/package.json'))('ajv')
const isTaken = new Ajv().compile(healthSchema)

it('The settings of the health function that the page shows are taken', () => {
  const page = readFileSync(new URL('../../docs/health.md', import.meta.url), 'utf8')
  const shown = fences(page).flatMap(({ language, code }) => (language === 'yaml' ? [parse(code)] : []))
  expect(shown.map(({ custom }) => isTaken(custom.millrace.health))).toEqual([true])
})

it.each([false, {}, { everyMinutes: 1 }, { url: 'NONE' }])('%j is taken', (settings) => {
  expect(isTaken(settings)).toBe(true)
})

it.each([
  true,
  { everyMinutes: 0 },
  { everyMinutes: 1.5 },
  { url: 'none' },
  { stallSeconds: 59 },
  { every: 15 },
])('%j is refused', (settings) => {
  expect(isTaken(settings)).toBe(false)
})
