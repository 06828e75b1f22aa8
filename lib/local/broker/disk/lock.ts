import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../errors.js'
import { corrupt, onDisk } from './failures.js'

/**
 * Takes a directory for this process; returns what gives it back. A lock whose process has died is taken over.
 *
 * @throws MillraceError `ML_LOCAL_DATA_IN_USE`
 */
export function lockDirectory(directory: string): () => void {
  const lock = join(directory, 'lock')
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`
  const draft = `${lock}.${process.pid}`
  return onDisk(lock, () => {
    try {
      writeFileSync(draft, mine)
      // A link appears with its content or not at all, and never in the place of another.
      for (let tries = 0; !linked(draft, lock); tries++) {
        const holder = read(lock)
        if (holder === undefined) continue
        if (tries > 3 || isHeld(holder)) throw inUse(directory, holder)
        remove(lock, holder, directory)
      }
    } finally {
      rmSync(draft, { force: true })
    }
    return () => {
      if (read(lock) === mine) rmSync(lock, { force: true })
    }
  })
}

function linked(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock)
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Removes a dead process's lock. Another broker may do so at the same time, and have put its own there by now: that is put back. */
function remove(lock: string, dead: string, directory: string): void {
  const aside = `${lock}.stale.${process.pid}`
  try {
    renameSync(lock, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  const taken = read(aside)
  if (taken !== undefined && taken !== dead) {
    linked(aside, lock)
    rmSync(aside)
    throw inUse(directory, taken)
  }
  rmSync(aside, { force: true })
}

function isHeld(holder: string): boolean {
  const [pid = 0, start] = holder.trim().split(' ').map(Number)
  if (!Number.isSafeInteger(pid) || pid < 1)
    throw corrupt('its lock', `it holds ${JSON.stringify(holder.slice(0, 40))}`)
  try {
    process.kill(pid, 0)
  } catch (error) {
    return isCode(error, 'EPERM') // somebody else's, and alive
  }
  // A process that began at another time only has the same number.
  return start === undefined || startOf(pid) === undefined || startOf(pid) === start
}

/** When a process began, in ticks since the system did; undefined where the system does not tell. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in brackets, may hold anything; the 22nd field is the 20th behind it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return undefined
  }
}

function inUse(directory: string, holder: string): MillraceError {
  const [pid] = holder.trim().split(' ')
  return new MillraceError(
    'ML_LOCAL_DATA_IN_USE',
    `the broker of process ${pid} works in ${directory}; stop it, or give this one another directory`,
  )
}

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code
