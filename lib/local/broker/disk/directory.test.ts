import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyOf, folder, offsetsOn, opened, placedBatch, segmentsIn } from './folder.fixture.js'

const topic = '0'.repeat(32)

/** A directory with the batches 0 to 9 of one partition, in several files, and some facts. */
function filled(): string {
  const path = folder()
  const storage = opened(path, 300)
  storage.facts.set('topic', 'orders', { id: topic, partitions: 1 })
  const shelf = storage.shelf(topic, 0)
  for (let offset = 0; offset < 10; offset++) shelf.append(placedBatch(offset), offset)
  storage.facts.set('offset', 'ünïcode', ['5', -1, null])
  storage.close()
  return path
}

describe('a data directory', () => {
  it('gives back what was kept, in order, from several files', () => {
    const path = filled()
    expect(segmentsIn(path).length).toBeGreaterThan(2)
    const again = opened(path, 300)
    const shelf = again.shelf(topic, 0)
    expect(offsetsOn(shelf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const bytes = placedBatch(0).length
    expect(Buffer.concat(shelf.read(2 * bytes, 5 * bytes))).toEqual(
      Buffer.concat([2, 3, 4, 5, 6].map((offset) => placedBatch(offset))),
    )
    expect(again.facts.all('offset')).toEqual([['ünïcode', ['5', -1, null]]])
    expect(again.lines).toEqual([])
  })

  it('lets go of files that nobody reads any more, and goes on at the right offset when all are gone', () => {
    const path = filled()
    const storage = opened(path, 300)
    const shelf = storage.shelf(topic, 0)
    offsetsOn(shelf)
    const before = segmentsIn(path).length
    shelf.trim(5, 5 * placedBatch(0).length)
    expect(segmentsIn(path).length).toBeLessThan(before)
    shelf.trim(10, 10 * placedBatch(0).length)
    expect(segmentsIn(path).map((file) => statSync(file).size)).toEqual([0])
    storage.close()
    const next = opened(path, 300).shelf(topic, 0)
    expect([next.startOffset, next.baseOffset, offsetsOn(next)]).toEqual([10, 10, []])
    next.append(placedBatch(10), 10)
    expect(next.read(0, placedBatch(10).length)).toEqual([placedBatch(10)])
  })

  it('keeps fewer files open than it has', () => {
    const storage = opened(folder())
    const shelves = Array.from({ length: 500 }, (_, partition) => storage.shelf(topic, partition))
    for (let round = 0; round < 2; round++) for (const shelf of shelves) shelf.append(placedBatch(round), round)
    for (const shelf of shelves) expect(shelf.read(0, 10)).toEqual([placedBatch(0).subarray(0, 10)])
    expect(readdirSync('/dev/fd').length).toBeLessThan(400)
  })

  it('removes what a deletion that was not finished has left of a topic', () => {
    const path = filled()
    const storage = opened(path)
    storage.facts.set('start', `${topic}/0`, 3)
    storage.facts.set('topic', 'orders', undefined)
    storage.close()
    const again = opened(path)
    expect(again.lines).toEqual([expect.stringContaining('its topic was deleted')])
    expect([segmentsIn(path), again.facts.all('start')]).toEqual([[], []])
  })
})

describe('a batch that was never finished', () => {
  it('is cut off wherever it ends, with one line that says so, and what was acknowledged stays', () => {
    const path = filled()
    const [last = ''] = segmentsIn(path).slice(-1)
    const whole = placedBatch(9).length
    const end = statSync(last).size
    for (let missing = 1; missing < whole; missing++) {
      const copy = copyOf(path)
      const file = last.replace(path, copy)
      truncateSync(file, end - missing)
      const storage = opened(copy)
      const shelf = storage.shelf(topic, 0)
      expect(offsetsOn(shelf), `${missing} bytes missing`).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
      expect(storage.lines).toEqual([
        expect.stringMatching(`cut ${whole - missing} bytes off .*: a batch that was never`),
      ])
      shelf.append(placedBatch(9), 9)
      storage.close()
      expect(readFileSync(file).equals(readFileSync(last))).toBe(true)
    }
  })

  it('is not what damage in the middle looks like: that is an error, and nothing is changed', () => {
    const path = filled()
    const files = segmentsIn(path)
    const [first = '', second = ''] = files
    const last = files.at(-1) ?? ''
    const damages: Record<string, (at: string) => void> = {
      'the end of a file that is not the last': () => truncateSync(first, statSync(first).size - 1),
      'a missing file': () => rmSync(second),
      'a missing first file': () => rmSync(first),
      'an offset': () => patch(first, 7, 9),
      'a format': () => patch(first, 16, 1),
      'a number of records': () => patch(first, 60, 7),
      'a length that is too small': () => patch(first, 11, 5),
      'a length that reaches beyond the end, with batches behind': () => patch(last, 8, 0x7f),
      'a byte of a record': () => patch(last, 75, 0xee),
    }
    for (const [what, damage] of Object.entries(damages)) {
      const before = files.map((file) => [file, readFileSync(file)] as const)
      damage(path)
      const damaged = segmentsIn(path).map((file) => readFileSync(file))
      const storage = opened(path)
      expect(() => offsetsOn(storage.shelf(topic, 0)), what).toThrow('ML_LOCAL_DATA_CORRUPT')
      storage.close()
      expect(segmentsIn(path).map((file) => readFileSync(file))).toEqual(damaged)
      for (const [file, bytes] of before) writeFileSync(file, bytes)
    }
    const restored = opened(path)
    expect(offsetsOn(restored.shelf(topic, 0))).toHaveLength(10)
  })

  it('is not a whole last batch whose length was changed', () => {
    const path = folder()
    const storage = opened(path)
    storage.facts.set('topic', 'orders', { id: topic, partitions: 1 })
    storage.shelf(topic, 0).append(placedBatch(0), 0)
    storage.close()
    patch(segmentsIn(path)[0] ?? '', 10, 0x7f)
    expect(() => offsetsOn(opened(path).shelf(topic, 0))).toThrow('the length of the batch at byte 0 is wrong')
  })
})

describe('the lock of a data directory', () => {
  it('keeps a second broker out, and names the process that has it', () => {
    const path = folder()
    const first = opened(path)
    expect(() => opened(path)).toThrow(`ML_LOCAL_DATA_IN_USE: the broker of process ${process.pid} works in`)
    first.close()
    opened(path)
  })

  it('is taken over from a process that has died, also when another one has its number now', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'close')
    for (const left of [`${child.pid} 1\n`, `${process.pid} 1\n`]) {
      const path = folder()
      writeFileSync(join(path, 'lock'), left)
      opened(path)
      expect(readFileSync(join(path, 'lock'), 'utf8')).not.toBe(left)
    }
  })

  it('says what is wrong with a directory that cannot be used', () => {
    const path = folder()
    writeFileSync(join(path, 'file'), '')
    expect(() => opened(join(path, 'file'))).toThrow('ML_LOCAL_DATA_FAILED')
    mkdirSync(join(path, 'topics', topic), { recursive: true })
    expect(() => opened(path)).toThrow('ML_LOCAL_DATA_CORRUPT')
    opened(join(path, 'made', 'when', 'missing'))
  })
})

function patch(file: string, position: number, byte: number): void {
  const bytes = readFileSync(file)
  bytes[position] = byte
  writeFileSync(file, bytes)
}
