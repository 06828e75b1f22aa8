import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'

/** The files that a run leaves for inspection. */
export interface Logs {
  /** Where they are. */
  readonly folder: string
  /** What functions write. */
  function(line: string): void
  /** What the local parts say. */
  local(line: string): void
  close(): Promise<void>
}

/** Opens the logs of a run, in place of the last one's. */
export function openLogs(folder: string): Logs {
  mkdirSync(folder, { recursive: true })
  const [functions, local] = ['functions.log', 'start.log'].map((name) => createWriteStream(join(folder, name)))
  return {
    folder,
    function: (line) => functions?.write(`${line}\n`),
    local: (line) => local?.write(`${new Date().toISOString()} ${line}\n`),
    async close() {
      await Promise.all([functions, local].map((stream) => stream && finished(stream.end())))
    },
  }
}
