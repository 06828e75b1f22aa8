import { expect, it } from 'vitest'
import { lineSplitter, longestLine } from './lines.js'

function split(...chunks: Buffer[]): string[] {
  const lines: string[] = []
  const splitter = lineSplitter((line) => lines.push(line))
  for (const chunk of chunks) splitter.write(chunk)
  splitter.end()
  return lines
}

it('finds the same lines wherever the chunks end, also inside a character', () => {
  const bytes = Buffer.from('ä\r\n\nüber 🚚\nrest')
  for (let at = 0; at <= bytes.length; at++) {
    expect(split(bytes.subarray(0, at), bytes.subarray(at))).toEqual(['ä', '', 'über 🚚', 'rest'])
  }
})

it('cuts a line that is longer than memory should bear', () => {
  expect(split(Buffer.alloc(longestLine + 1, 'x')).map(({ length }) => length)).toEqual([longestLine, 1])
})
