import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../../../lib/errors.js'
import { compiledProgram } from '../../../lib/local/program.js'

/** What a keeper is to keep. */
export interface Kept {
  readonly command: string
  readonly args: readonly string[]
  /** Takes what it writes. */
  readonly logFile: string
  /** Removed when it has ended. */
  readonly scratch: string
}

/** A service that runs in a process of its own. */
export interface Service {
  readonly pid: number
  /** Where clients reach it. */
  readonly address: string
  /** Kills it, and removes what it kept. Resolves when both are done. Calling it again does no harm. */
  stop(): Promise<void>
}

/** How a service is started, on ports that were free a moment ago. */
export interface Start extends Kept {
  readonly name: string
  readonly address: string
  /** Resolves when it answers; rejects while it does not. */
  readonly ask: () => Promise<unknown>
}

/** A service that takes longer does not come. Milliseconds. */
const patienceMs = 60_000
const betweenAsksMs = 200

/**
 * Starts a service that never outlives this process, and waits until it answers.
 *
 * @throws MillraceError `ML_REAL_START`
 */
export async function startService(start: Start, signal: AbortSignal): Promise<Service> {
  const { name, address, ask, ...kept } = start
  const keeper = fork(compiledProgram(new URL('./keeper.js', import.meta.url)), [JSON.stringify(kept)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = gone(keeper)
  const stop = async () => {
    if (keeper.connected) keeper.disconnect()
    await ended
  }
  try {
    const pid = await Promise.race([once(keeper, 'message').then(([message]) => Number(message)), ended])
    const deadline = Date.now() + patienceMs
    for (;;) {
      signal.throwIfAborted()
      if (pid === undefined || keeper.exitCode !== null) throw failed(start, 'it ended at once')
      if (await ask().then(Boolean, () => false)) return { pid, address, stop }
      if (Date.now() > deadline) throw failed(start, `it did not answer within ${patienceMs / 1000} s`)
      await Promise.race([delay(betweenAsksMs), ended])
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function failed({ name, logFile }: Start, what: string): MillraceError {
  const last = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n')
  return new MillraceError('ML_REAL_START', `${name} does not run: ${what}; see ${logFile}, which ends with:\n${last}`)
}

/** Resolves when a process has ended. */
async function gone(child: ChildProcess): Promise<undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await once(child, 'exit')
}

/** Loopback ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port) // of a TCP server that listens, it is never a path
  }
  for (const server of servers) await once(server.close(), 'close')
  return ports
}
