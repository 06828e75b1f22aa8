import { once } from 'node:events'
import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One press of Ctrl-C under npx arrives twice: from the terminal, and from npx, which forwards it. Milliseconds. */
const echoMs = 500

/** The wish of a person, or of the system, that the command ends; of `head` too, that reads its output no more. */
export interface Stopping {
  /** Aborts with the first signal. */
  readonly signal: AbortSignal
  /** Resolves with the first signal. */
  readonly asked: Promise<void>
  /** Gives the signals back. */
  release(): void
}

/** Listens for the first signal, that asks for an end, and a second one, that forces it. */
export function listenForStop(now: () => number = Date.now): Stopping {
  const controller = new AbortController()
  let first: number | undefined
  const handle = (name: (typeof signals)[number]): void => {
    if (first === undefined) {
      first = now()
      controller.abort()
    } else if (now() - first > echoMs) {
      // Everything that was started ends with this process.
      process.exit(128 + constants.signals[name])
    }
  }
  const readerGone = ({ code }: NodeJS.ErrnoException): void => {
    if (code !== 'EPIPE') return
    first ??= now()
    controller.abort()
  }
  for (const name of signals) process.on(name, handle)
  process.stdout.on('error', readerGone)
  return {
    signal: controller.signal,
    asked: once(controller.signal, 'abort').then(() => undefined),
    release: () => {
      for (const name of signals) process.off(name, handle)
      process.stdout.off('error', readerGone)
    },
  }
}
