import { mkdirSync, readFileSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyOf, folder, opened } from './folder.fixture.js'
import type { FactKind, Facts } from './index.js'

const kinds: readonly FactKind[] = ['producer', 'offset', 'transaction']
const everything = (facts: Facts) => kinds.map((kind) => facts.all(kind))

describe('the journal', () => {
  it('gives back the newest value of every fact, whatever was set and forgotten before', () => {
    const change = fc.record({
      kind: fc.constantFrom(...kinds),
      key: fc.string({ unit: 'binary', maxLength: 3 }),
      value: fc.option(fc.jsonValue(), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const path = folder()
        const storage = opened(path)
        const expected = new Map(kinds.map((kind) => [kind, new Map<string, unknown>()]))
        for (const { kind, key, value } of changes) {
          storage.facts.set(kind, key, value as never)
          if (value === undefined) expected.get(kind)?.delete(key)
          else expected.get(kind)?.set(key, JSON.parse(JSON.stringify(value)))
        }
        const shown = kinds.map((kind) => [...(expected.get(kind) ?? [])])
        expect(everything(storage.facts)).toEqual(shown)
        storage.close()
        expect(everything(opened(path).facts)).toEqual(shown)
      }),
      { numRuns: 50 },
    )
  })

  it('is written anew when most of it is forgotten, and says the same then', () => {
    const path = folder()
    const storage = opened(path)
    for (let round = 0; round < 40_000; round++)
      storage.facts.set('offset', `group-${round % 7}`, [String(round), -1, null])
    expect(statSync(join(path, 'journal')).size).toBeLessThan(1_100_000)
    const kept = storage.facts.all('offset')
    storage.close()
    expect(opened(path).facts.all('offset')).toEqual(kept)
    expect(kept.map(([key]) => key)).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `group-${n}`))
  })

  it('goes on where it is when it cannot be written anew, says so, and is written anew later', () => {
    const path = folder()
    const storage = opened(path)
    const long = 'x'.repeat(20_000)
    mkdirSync(join(path, 'journal.new'))
    for (let round = 0; round < 100; round++) storage.facts.set('offset', 'group', [String(round), -1, long])
    expect(storage.facts.all('offset')).toEqual([['group', ['99', -1, long]]])
    expect(storage.lines).toEqual([expect.stringMatching(/journal stays as long as it is: .*journal\.new/)])
    rmdirSync(join(path, 'journal.new'))
    for (let round = 0; round < 100; round++) storage.facts.set('offset', 'group', [String(round), -1, long])
    expect(statSync(join(path, 'journal')).size).toBeLessThan(2_000_000)
    storage.close()
    expect(opened(path).facts.all('offset')).toEqual([['group', ['99', -1, long]]])
  })

  it('loses no more than an entry that was never finished, wherever it ends, and says so', () => {
    const path = folder()
    const storage = opened(path)
    storage.facts.set('topic', 'a', { id: 'x', partitions: 1 })
    const before = statSync(join(path, 'journal')).size
    storage.facts.set('topic', 'zoë', { id: 'ÿ', partitions: 2 })
    const end = statSync(join(path, 'journal')).size
    for (let length = before; length < end; length++) {
      const copy = copyOf(path)
      truncateSync(join(copy, 'journal'), length)
      const again = opened(copy)
      expect(again.facts.all('topic')).toEqual([['a', { id: 'x', partitions: 1 }]])
      expect(again.lines).toEqual(
        length === before ? [] : [expect.stringContaining(`cut ${length - before} bytes off`)],
      )
      again.facts.set('topic', 'b', { id: 'y', partitions: 1 })
      again.close()
      expect(
        opened(copy)
          .facts.all('topic')
          .map(([name]) => name),
      ).toEqual(['a', 'b'])
    }
  })

  it('is an error when any byte of it was changed', () => {
    const path = folder()
    const storage = opened(path)
    storage.facts.set('topic', 'a', { id: 'x', partitions: 1 })
    storage.facts.set('topic', 'b', { id: 'y', partitions: 1 })
    storage.close()
    const file = join(path, 'journal')
    const good = readFileSync(file)
    for (let position = 0; position < good.length - 1; position++) {
      const bad = Buffer.from(good)
      bad[position] = (bad[position] ?? 0) ^ 1
      writeFileSync(file, bad)
      expect(() => opened(path), `byte ${position}`).toThrow('ML_LOCAL_DATA_CORRUPT')
      expect(readFileSync(file)).toEqual(bad)
    }
  })
})
