/**
 * The process that owns a service. It ends, and its service with it, as soon as its parent does, also by SIGKILL: then the
 * channel to the parent closes. It leads a process group of its own, so that Ctrl-C in a terminal reaches the parent alone.
 */
import { spawn } from 'node:child_process'
import { openSync, rmSync } from 'node:fs'
import type { Kept } from './service.js'

const { command, args, logFile, scratch } = JSON.parse(process.argv[2] ?? '') as Kept

const log = openSync(logFile, 'a')
const child = spawn(command, args, { cwd: scratch, stdio: ['ignore', log, log] })

// What it holds is of no use to anybody, so it needs no time to put it away.
const end = () => void (child.kill('SIGKILL') || process.exit(0))
process.on('disconnect', end)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }))

child.once('error', () => process.exit(1))
child.once('exit', () => process.exit(0))
process.send?.(child.pid)
