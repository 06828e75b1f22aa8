import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { onDisk } from './failures.js'

/** Files open at a time: a thousand partitions must not need a thousand descriptors. */
const maxOpen = 200

/** Files by path, opened when they are used and closed when others were used since. */
export class OpenFiles {
  readonly #descriptors = new Map<string, number>()
  #ended = false

  /** Writes all of it at `position`, or throws and leaves the file as long as it was. */
  write(path: string, bytes: Buffer, position: number): void {
    onDisk(path, () => {
      const file = this.#open(path)
      try {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(file, bytes, done, bytes.length - done, position + done)
        }
      } catch (cause) {
        ftruncateSync(file, position)
        throw cause
      }
    })
  }

  /** The bytes from `position` on, fewer than `length` only where the file ends. */
  read(path: string, position: number, length: number): Buffer {
    return onDisk(path, () => {
      const file = this.#open(path)
      const bytes = Buffer.allocUnsafe(length)
      let done = 0
      for (let more = -1; more !== 0 && done < length; done += more) {
        more = readSync(file, bytes, done, length - done, position + done)
      }
      return bytes.subarray(0, done)
    })
  }

  cut(path: string, length: number): void {
    onDisk(path, () => ftruncateSync(this.#open(path), length))
  }

  /** Closes everything. Whoever comes too late is refused: the files may be another process's by then. */
  end(): void {
    this.#ended = true
    this.close('')
  }

  /** Closes a file, or all files of a folder. */
  close(under: string): void {
    for (const [path, file] of [...this.#descriptors]) {
      if (!path.startsWith(under)) continue
      this.#descriptors.delete(path)
      closeSync(file)
    }
  }

  #open(path: string): number {
    if (this.#ended) throw new Error('the broker has stopped')
    const known = this.#descriptors.get(path)
    const file = known ?? openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
    this.#descriptors.delete(path) // the map's order is the order of last use
    this.#descriptors.set(path, file)
    const [oldest] = this.#descriptors.keys()
    if (this.#descriptors.size > maxOpen && oldest !== undefined) this.close(oldest)
    return file
  }
}
