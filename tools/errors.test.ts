import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCodes } from '../lib/errors.js'

it('documents every error code once, and no other', () => {
  const documented = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8').match(/^\| `(ML_\w+)`/gm) ?? []
  expect(documented.map((row) => row.slice(3, -1)).sort()).toEqual([...errorCodes].sort())
})
