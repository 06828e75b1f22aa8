import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../project.fixture.js'

/** What one `serverless` process did on the network, seen from inside. */
export interface Connections {
  /** Preloads the recorder: pass it as the variable `NODE_OPTIONS`. */
  readonly nodeOptions: string
  /** `host:port` (or the path of a pipe) of each connection that was tried. */
  targets(): Promise<readonly string[]>
  /** From the loading of the function, when all is bundled, to the end of the process. */
  invocationMs(): Promise<number>
}

export async function recordConnections(folder: string): Promise<Connections> {
  const file = join(folder, 'connections.log')
  const recorder = join(folder, 'recorder.cjs')
  await writeFile(file, '')
  await writeFile(recorder, `(${record.toString()})(${JSON.stringify(file)})`)
  const notes = async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean)
    return lines.map((line) => line.split(' ') as [at: string, what: string, target?: string])
  }
  const timeOf = async (event: string) => Number((await notes()).findLast(([, what]) => what === event)?.[0])
  return {
    nodeOptions: `--require ${recorder}`,
    targets: async () => (await notes()).flatMap(([, , target]) => target ?? []),
    invocationMs: async () => (await timeOf('exit')) - (await timeOf('invoke')),
  }
}

/** Runs in the recorded process, so it may use nothing from this file. */
function record(file: string): void {
  const { appendFileSync } = require('node:fs')
  const Module = require('node:module')
  const { Socket } = require('node:net')
  const note = (what: string) => appendFileSync(file, `${Date.now()} ${what}\n`)
  const { connect } = Socket.prototype
  Socket.prototype.connect = function (...args: unknown[]) {
    const [first] = args.flat() as [{ host?: string; port?: number; path?: string }]
    note(`connect ${first.path ?? `${first.host ?? 'localhost'}:${first.port}`}`)
    return connect.apply(this, args)
  }
  const load = Module._load
  Module._load = (request: string, ...rest: unknown[]) => {
    if (request.endsWith('/functions/orders/handler')) note('invoke')
    return load(request, ...rest)
  }
  process.on('exit', () => note('exit'))
}

/** A command that runs another without any network but loopback; undefined where the system does not permit it. */
export async function isolation(): Promise<readonly string[] | undefined> {
  // In a process tree of its own, so that whatever ends the command ends all that it started.
  const apart = ['unshare', '--map-root-user', '--net', '--pid', '--fork', '--kill-child']
  const command = [...apart, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  const [file = '', ...args] = [...command, 'true']
  const { status } = await run(file, args, { cwd: '.', env: { PATH: process.env.PATH ?? '' } })
  return status === 0 ? command : undefined
}
