import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type ChildOptions, startChild } from './children.js'

/** A process of its own that does what it is asked, one thing after another, until it is ended. */
export interface Servant {
  readonly pid: number
  /** @throws Error that the process answered with, or that says how it ended */
  ask<T>(what: string, argument?: unknown): Promise<T>
  end(): Promise<void>
}

interface Answer {
  readonly result?: unknown
  readonly error?: string
}

/**
 * Starts a program of this package that calls {@link serve}. What it logs goes nowhere; its standard error shows if it fails.
 *
 * @param program its path from the folder of compiled files
 */
export function startServant(program: string, options: Omit<ChildOptions, 'args'> = {}): Servant {
  const { child, early } = startChild(program, options)
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw early(signal ?? code)
  })
  ended.catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    ask: async <T>(what: string, argument?: unknown) => {
      child.send({ what, argument })
      const [{ result, error }] = (await Promise.race([once(child, 'message'), ended])) as [Answer]
      if (error !== undefined) throw new Error(`${program}: ${error}`)
      return result as T
    },
    end: () => endOf(child),
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  if (child.connected) child.disconnect()
  await gone
}

/** In the process itself: answers what it is asked, and ends, after `close`, when nobody is left to ask. */
export function serve(
  tasks: Readonly<Record<string, (argument: never) => unknown>>,
  close: () => unknown = () => undefined,
): void {
  process.on('message', async ({ what, argument }: { what: string; argument: never }) => {
    try {
      const task = tasks[what]
      if (task === undefined) throw new Error(`it knows no ${what}`)
      process.send?.({ result: await task(argument) })
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.stack : String(error) })
    }
  })
  process.once('disconnect', async () => {
    await close()
    process.exit(0)
  })
}
