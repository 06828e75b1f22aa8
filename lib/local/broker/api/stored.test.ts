import { expect, test } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { code } from '../wire/codes.js'
import { coordinated, stored } from './stored.js'

test('what the files do not take is answered by the code that makes a client try again, and told; what is our fault is neither', () => {
  const lines: string[] = []
  const context = { log: (line: string) => lines.push(line) }
  const failing = () => {
    throw new MillraceError('ML_LOCAL_DATA_FAILED', 'the disk is full')
  }
  expect([stored(() => 'done', context), stored(failing, context)]).toEqual(['done', code.kafkaStorageError])
  expect(coordinated(failing, context)).toBe(code.notCoordinator)
  expect(lines.map((line) => line.replace(/ML_.*: /, ''))).toEqual([
    'broker: answered with code 56: the disk is full',
    'broker: answered with code 16: the disk is full',
  ])
  const wrong = () => {
    throw new TypeError('a slip')
  }
  expect(() => stored(wrong, context)).toThrow('a slip')
})
