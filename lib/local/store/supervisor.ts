/**
 * The process that owns a store. It ends, and its store with it, as soon as its parent does, also by SIGKILL: then the channel
 * to the parent closes. It leads a process group of its own, so that Ctrl-C in a terminal reaches the parent alone, which may
 * still need the store to drain.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Engine, nativeBinary } from './engine.js'

/** What the parent is told, once. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number; readonly pid: number }
  | { readonly kind: 'failed'; readonly portInUse: boolean; readonly message: string }

/** Ends the store, then this process. */
let end = (): void => process.exit(0)

async function runDynalite(host: string, port: number): Promise<Report> {
  const { default: dynalite } = await import('dynalite')
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  const listening = once(server, 'listening') // rejects with the first 'error'
  server.listen(port, host)
  await listening
  const bound = server.address() as AddressInfo // of a TCP server that listens, it is never a path
  return { kind: 'listening', port: bound.port, pid: process.pid }
}

async function runDynoxide(host: string, port: number): Promise<Report> {
  const binary = nativeBinary()
  if (binary === undefined) throw new Error('the binary is not installed')
  const child = spawn(binary, ['serve', '--host', host, '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
  process.on('exit', () => child.kill('SIGKILL'))
  // The port is free again once the binary is gone, and only then does this process say so by its own end.
  end = () => void (child.kill('SIGKILL') || process.exit(0))
  let output = ''
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output = (output + chunk).slice(-2000)
      // It says so once it is bound; before that it may have met another process on its port.
      if (output.includes('listening on')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('close', (code, signal) => reject(new Error(output.trim() || `it ended at once (${signal ?? code})`)))
  })
  await ready
  child.once('close', () => process.exit(0))
  return { kind: 'listening', port, pid: child.pid ?? 0 }
}

const [engine = '', host = '', port = ''] = process.argv.slice(2)
const run: Record<Engine, typeof runDynalite> = { dynalite: runDynalite, dynoxide: runDynoxide }

process.on('disconnect', () => end())
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end())

run[engine as Engine](host, Number(port)).then(
  // A parent that is gone by now is noticed by its channel.
  (report) => process.send?.(report, () => undefined),
  (error: NodeJS.ErrnoException) => {
    const portInUse = error.code === 'EADDRINUSE' || /in use/i.test(error.message)
    const report: Report = { kind: 'failed', portInUse, message: error.message }
    process.send?.(report, () => process.exit(1))
  },
)
