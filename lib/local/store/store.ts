import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { MillraceError, show } from '../../errors.js'
import { compiledProgram } from '../program.js'
import { chooseEngine, type Engine } from './engine.js'
import type { Report } from './supervisor.js'

/** How to start a store; every field has a default. */
export interface StoreOptions {
  /** Port, 0 to 65535. Default 0: any free one, told by the store's `port`. */
  readonly port?: number
  /** Address to listen on. Default `127.0.0.1`: reachable from this machine only. */
  readonly host?: string
}

/** A running store. */
export interface Store {
  /** What `AWS_ENDPOINT_URL_DYNAMODB` is set to, for example `http://127.0.0.1:8000`. */
  readonly url: string
  readonly port: number
  readonly engine: Engine
  /** Of the process that holds the data. */
  readonly pid: number
  /** Resolves when the store is gone, stopped or not. Never rejects. */
  readonly ended: Promise<void>
  /** Kills the store, and forgets all items with it. Resolves when it is gone. Calling it again does no harm. */
  stop(): Promise<void>
}

/** How often another free port is tried when somebody else was quicker. */
const races = 10

/**
 * Starts a DynamoDB store in memory, in a process of its own that never outlives this one.
 *
 * The environment variable `MILLRACE_STORE_ENGINE` (`dynoxide` or `dynalite`) forces an engine; by default it is dynoxide where
 * that is installed.
 *
 * @throws MillraceError `ML_LOCAL_PORT_IN_USE` if another process listens on the port, `ML_LOCAL_STORE_MISSING` if no engine is
 * installed or it does not start, `ML_OPTION_INVALID` for a port out of range or an unknown engine
 *
 * @example
 * ```ts
 * import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
 * import { startStore, storeClient } from './index.js'
 *
 * const store = await startStore()
 * const { TableNames } = await storeClient(store.url).send(new ListTablesCommand({}))
 * console.log(TableNames?.length) // 0
 * await store.stop()
 * ```
 */
export async function startStore({ port = 0, host = '127.0.0.1' }: StoreOptions = {}): Promise<Store> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `the store's port is ${show(port)}; give a whole number from 0 to 65535`,
    )
  }
  const engine = chooseEngine()
  for (let attempt = 1; ; attempt++) {
    const supervisor = await startSupervisor(engine, host, port === 0 ? await freePort(host) : port)
    if (supervisor.report.kind === 'listening') return running(engine, host, supervisor.process, supervisor.report)
    const { portInUse, message } = supervisor.report
    if (!portInUse) {
      throw new MillraceError(
        'ML_LOCAL_STORE_MISSING',
        `the local store ${engine} does not start on ${host}:${port}: ${message}; give another host or port, or point ` +
          'AWS_ENDPOINT_URL_DYNAMODB at a DynamoDB that runs',
      )
    }
    if (port !== 0 || attempt === races) {
      throw new MillraceError(
        'ML_LOCAL_PORT_IN_USE',
        `another process listens on ${host}:${port}; stop it, or give the store another port (0 takes a free one)`,
        { cause: new Error(message) },
      )
    }
  }
}

function running(engine: Engine, host: string, supervisor: ChildProcess, at: Report & { kind: 'listening' }): Store {
  const ended = gone(supervisor)
  return {
    url: `http://${reachable(host)}:${at.port}`,
    port: at.port,
    engine,
    pid: at.pid,
    ended,
    stop: async () => {
      if (supervisor.connected) supervisor.disconnect()
      await ended
    },
  }
}

/** How a client on this machine spells a host: one address behind a wildcard, and IPv6 in brackets. */
function reachable(host: string): string {
  const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return address.includes(':') ? `[${address}]` : address
}

/** Starts the process that owns a store, and waits for what it has to say. */
async function startSupervisor(
  engine: Engine,
  host: string,
  port: number,
): Promise<{ process: ChildProcess; report: Report }> {
  const child = fork(compiledProgram(new URL('./supervisor.js', import.meta.url)), [engine, host, String(port)], {
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = gone(child)
  const report = await Promise.race([
    once(child, 'message').then(([message]) => message as Report),
    ended.then((): Report => ({ kind: 'failed', portInUse: false, message: 'its process ended' })),
  ])
  if (report.kind === 'failed') await ended
  return { process: child, report }
}

/** Resolves when a process has ended, or could not be started. */
async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => child.pid === undefined && resolve())
  })
}

async function freePort(host: string): Promise<number> {
  const server = createServer()
  const listening = once(server, 'listening') // rejects with the first 'error'
  server.listen(0, host)
  await listening.catch((cause: unknown) => {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `the store cannot listen on ${host}; give an address of this machine`,
      {
        cause,
      },
    )
  })
  const { port } = server.address() as AddressInfo // of a TCP server that listens, it is never a path
  const closed = once(server, 'close')
  server.close()
  await closed
  return port
}
