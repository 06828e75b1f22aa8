/**
 * Runs the benchmark: installs what it compares with, once, compiles it, and starts it. Needs the folder above installed and built.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/** Runs a command here; its output goes to standard error, because standard output is for the results. */
function must(command, args, stdio = ['ignore', 2, 2]) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio, shell: process.platform === 'win32' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

function isInstalled() {
  const installed = join(here, 'node_modules/.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(here, 'package-lock.json')).mtimeMs
}

if (!existsSync(join(here, '../dist/lib/index.js'))) {
  console.error('the benchmark measures what is built: run "npm run build" in the folder above first')
  process.exit(1)
}
if (!isInstalled()) must('npm', ['ci'])
// "exports" hides the command; its package.json is open.
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
must(process.execPath, [join(typescript, 'bin/tsc'), '-p', here])
must(process.execPath, [join(here, 'dist/main.js'), ...process.argv.slice(2)], 'inherit')
