import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closing } from '../kafkajs.fixture.js'
import { batchBytes } from '../log/batch.fixture.js'
import { directoryStorage, type Shelf, type Storage } from './index.js'

/** An empty folder, removed after the test. */
export function folder(): string {
  return closing(mkdtempSync(join(tmpdir(), 'millrace-data-')), async (path) => rmSync(path, { recursive: true }))
}

/** What a process that dies now would leave. */
export function copyOf(path: string): string {
  const copy = join(folder(), 'copy')
  cpSync(path, copy, { recursive: true, filter: (source) => !source.endsWith('/lock') })
  return copy
}

/** Opens a directory, and what it had to say. */
export function opened(path: string, segmentBytes = 1000): Storage & { readonly lines: string[] } {
  const lines: string[] = []
  const storage = directoryStorage(path, { log: (line) => lines.push(line), segmentBytes })
  return closing({ ...storage, lines }, async () => storage.close())
}

/** The bytes of a batch as the log hands them to its shelf. */
export function placedBatch(baseOffset: number, count = 1, payloadBytes = 20): Buffer {
  const bytes = batchBytes({ count, payload: Buffer.alloc(payloadBytes, baseOffset) })
  bytes.writeBigInt64BE(BigInt(baseOffset))
  return bytes
}

/** Offsets of the batches that a shelf has from an earlier process. */
export function offsetsOn(shelf: Shelf): number[] {
  return [...shelf.stored()].map(({ head }) => Number(head.readBigInt64BE()))
}

/** Files of batches under a directory, in order, by their full path. */
export function segmentsIn(path: string): string[] {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()
  return names.filter((name) => name.endsWith('.log')).map((name) => join(path, name))
}
