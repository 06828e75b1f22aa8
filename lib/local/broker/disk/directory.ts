import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { corrupt, onDisk } from './failures.js'
import { OpenFiles } from './files.js'
import { Journal } from './journal.js'
import { lockDirectory } from './lock.js'
import { FileShelf } from './segments.js'
import type { Json, Storage } from './storage.js'

/** How a directory is kept. */
export interface DirectoryOptions {
  /** Takes a line for what was cut off or removed at start. */
  readonly log: (line: string) => void
  /** Bytes after which a partition goes on in another file. Default 64 MiB. */
  readonly segmentBytes?: number
}

/**
 * Keeps everything in a directory, for one process at a time: a journal of facts, and files of batches for each partition. What
 * was kept survives the death of the process; it does not survive the death of the machine, for which the system would have to
 * be asked to write through to the disk.
 *
 * @throws MillraceError `ML_LOCAL_DATA_IN_USE`, `ML_LOCAL_DATA_CORRUPT`, `ML_LOCAL_DATA_FAILED`
 */
export function directoryStorage(path: string, { log, segmentBytes = 64 * 1024 * 1024 }: DirectoryOptions): Storage {
  const directory = resolve(path)
  const topicsFolder = join(directory, 'topics')
  onDisk(directory, () => mkdirSync(directory, { recursive: true }))
  const unlock = lockDirectory(directory)
  const files = new OpenFiles()
  try {
    const facts = openJournal(directory, topicsFolder, files, log)
    const starts = new Map(facts.all('start').map(([key, offset]) => [key, Number(offset)]))
    return {
      facts,
      shelf(topicId, partition) {
        const key = `${topicId}/${partition}`
        return new FileShelf(join(topicsFolder, key), key, { files, facts, segmentBytes, log }, starts.get(key) ?? 0)
      },
      remove(topicId) {
        removeTopic(topicsFolder, topicId, files)
        for (const [key] of facts.all('start')) if (key.startsWith(`${topicId}/`)) facts.set('start', key, undefined)
      },
      close() {
        files.end()
        unlock()
      },
    }
  } catch (error) {
    files.end()
    unlock()
    throw error
  }
}

function openJournal(directory: string, topicsFolder: string, files: OpenFiles, log: (line: string) => void): Journal {
  const path = join(directory, 'journal')
  const folders = onDisk(topicsFolder, () => (existsSync(topicsFolder) ? readdirSync(topicsFolder) : []))
  if (folders.length > 0 && !existsSync(path)) throw corrupt(path, 'it is missing, and there are records')
  const facts = new Journal(path, files, log)
  const known = new Set(facts.all('topic').map(([, value]) => idOf(value)))
  // Left by a process that died while it deleted a topic.
  for (const [key] of facts.all('start')) if (!known.has(key.split('/')[0] ?? '')) facts.set('start', key, undefined)
  for (const id of folders.filter((name) => !known.has(name))) {
    removeTopic(topicsFolder, id, files)
    log(`broker: removed ${join(topicsFolder, id)}: its topic was deleted`)
  }
  return facts
}

function removeTopic(topicsFolder: string, id: string, files: OpenFiles): void {
  const folder = join(topicsFolder, id)
  files.close(`${folder}/`)
  onDisk(folder, () => rmSync(folder, { recursive: true, force: true }))
}

const idOf = (topic: Json): string => (topic as { readonly id: string }).id
