import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { crc32c } from '../../../crc32c.js'
import { corrupt, onDisk } from './failures.js'
import type { OpenFiles } from './files.js'
import type { FactKind, Facts, Json } from './storage.js'

type Line = readonly [kind: string, key: string, value?: Json]

/** The first line of every journal: what it is, and in which format. */
const title: Line = ['format', 'millrace broker', 1]
/** A journal is written anew, without what is forgotten, when it is this many bytes and four times what is needed. */
const compactFromBytes = 1024 * 1024

/**
 * Facts in a file: one line of JSON for each change, led by its checksum. A line is written before `set` returns.
 * Invariant: reading the file from its beginning gives `#live`.
 */
export class Journal implements Facts {
  readonly #path: string
  readonly #files: OpenFiles
  readonly #log: (line: string) => void
  /** the line of each fact, by kind and key */
  readonly #live = new Map<string, string>()
  #liveBytes = 0
  #bytes = 0
  #compactFrom = compactFromBytes

  /** Opens the journal, or begins one. `log` is told what is cut off its end, and what keeps it from being written anew. */
  constructor(path: string, files: OpenFiles, log: (line: string) => void) {
    this.#path = path
    this.#files = files
    this.#log = log
    onDisk(path, () => {
      rmSync(draftOf(path), { force: true })
      if (!existsSync(path)) this.#rewrite()
      this.#load()
    })
  }

  set(kind: FactKind, key: string, value: Json | undefined): void {
    const line = encode(value === undefined ? [kind, key] : [kind, key, value])
    const name = nameOf(kind, key)
    if (this.#live.get(name) === (value === undefined ? undefined : line)) return
    const bytes = Buffer.from(`${line}\n`)
    this.#files.write(this.#path, bytes, this.#bytes)
    this.#bytes += bytes.length
    this.#note(name, value === undefined ? undefined : line)
    if (this.#bytes > this.#compactFrom && this.#bytes > 4 * this.#liveBytes) this.#compact()
  }

  all(kind: FactKind): readonly (readonly [string, Json])[] {
    return [...this.#live].flatMap(([name, line]) => {
      if (!name.startsWith(`${kind} `)) return []
      const [, key, value = null] = decode(line) ?? ['', '']
      return [[key, value] as const]
    })
  }

  #note(name: string, line: string | undefined): void {
    this.#liveBytes += (line?.length ?? 0) - (this.#live.get(name)?.length ?? 0)
    if (line === undefined) this.#live.delete(name)
    else this.#live.set(name, line)
  }

  #load(): void {
    const bytes = readFileSync(this.#path)
    this.#bytes = bytes.lastIndexOf('\n') + 1
    const lines = bytes.toString('utf8', 0, this.#bytes).split('\n').slice(0, -1)
    if (lines[0] !== encode(title)) throw corrupt(this.#path, 'it does not begin as a journal of this release')
    for (const [index, line] of lines.entries()) {
      const read = decode(line)
      if (read === undefined) throw corrupt(this.#path, `the checksum of line ${index + 1} is wrong`)
      const [kind, key, value] = read
      if (index > 0) this.#note(nameOf(kind, key), value === undefined ? undefined : line)
    }
    const rest = bytes.length - this.#bytes
    if (rest === 0) return
    // The write of the last line was broken off by the death of its process, so nobody was told that it is kept.
    this.#files.cut(this.#path, this.#bytes)
    this.#log(`broker: cut ${rest} bytes off ${this.#path}: an entry that was never finished`)
  }

  /** The fact that led here is kept already: where there is no room for a second file, the first one goes on. */
  #compact(): void {
    try {
      this.#rewrite()
      this.#compactFrom = compactFromBytes
    } catch (error) {
      this.#compactFrom = 2 * this.#bytes
      this.#log(`broker: ${this.#path} stays as long as it is: ${error instanceof Error ? error.message : error}`)
    }
  }

  /** Writes what is alive into a new file, which then takes the place of the old one, at once. */
  #rewrite(): void {
    const text = [encode(title), ...this.#live.values(), ''].join('\n')
    writeFileSync(draftOf(this.#path), text)
    this.#files.close(this.#path)
    renameSync(draftOf(this.#path), this.#path)
    this.#bytes = Buffer.byteLength(text)
  }
}

const draftOf = (path: string): string => `${path}.new`
const nameOf = (kind: string, key: string): string => `${kind} ${key}`

function encode(line: Line): string {
  const json = JSON.stringify(line)
  return `${checksum(json)} ${json}`
}

/** `undefined` for a line whose checksum is not that of its content. */
function decode(line: string): Line | undefined {
  const json = line.slice(9)
  return line.slice(0, 9) === `${checksum(json)} ` ? (JSON.parse(json) as Line) : undefined
}

const checksum = (json: string): string => crc32c(Buffer.from(json)).toString(16).padStart(8, '0')
