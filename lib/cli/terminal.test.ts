import { describe, expect, it } from 'vitest'
import { agreed, progressOf } from './terminal.js'

function stream(isTTY: boolean) {
  const written: string[] = []
  return { written, out: { isTTY, write: (text: string) => written.push(text) } as never as NodeJS.WriteStream }
}

describe('progress', () => {
  it('is a bar on a terminal, and gives its line back', () => {
    const { out, written } = stream(true)
    const progress = progressOf(4, out)
    progress.at(1)
    progress.at(4)
    progress.end()
    expect(written[0]).toMatch(/^\r\[█{7} {23}\] 1 of 4$/)
    expect(written[1]).toMatch(/^\r\[█{30}\] 4 of 4$/)
    expect(written[2]).toMatch(/^\r +\r$/)
  })

  it('is nothing anywhere else', () => {
    const { out, written } = stream(false)
    progressOf(4, out).at(1)
    expect(written).toEqual([])
  })
})

it('agrees by itself only where that was said beforehand', async () => {
  const { signal } = new AbortController()
  expect(await agreed('Sure?', { yes: true, signal })).toBe(true)
  const asked = agreed('Sure?', { yes: false, signal })
  await expect(asked).rejects.toThrow('ML_USAGE: Sure? There is no terminal to ask on: say --yes')
})
