import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '../../../lib/errors.js'
import { node24 } from '../../../tools/node24.js'
import { root } from '../../../tools/project.js'
import type { Pair } from './case.js'

const home = join(root, 'infra/real/platformatic')

/**
 * Asks both brokers by @platformatic/kafka, a package of its own that is installed and compiled first, on Node 24.
 *
 * @throws MillraceError `ML_REAL_INSTALL` where one of them cannot be had, `ML_REAL_START` where it does not end well
 */
export async function platformaticPairs(embedded: string, real: string, signal: AbortSignal): Promise<readonly Pair[]> {
  const node = node24()
  if (node === undefined) throw missing('Node 24')
  if (!isInstalled() && (await run('npm', ['ci', '--no-audit', '--no-fund'], signal)) !== 0) throw missing('npm ci')
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  if ((await run(process.execPath, [tsc, '-p', home], signal)) !== 0) throw missing('its compilation')
  const folder = mkdtempSync(join(tmpdir(), 'millrace-platformatic-'))
  try {
    const answers = join(folder, 'pairs.json')
    const status = await run(node, [join(home, 'dist/main.js'), embedded, real, answers], signal)
    if (status !== 0) {
      throw new MillraceError(
        'ML_REAL_START',
        `the cases by @platformatic/kafka ended with exit ${status}; what is printed above says why`,
      )
    }
    return JSON.parse(readFileSync(answers, 'utf8')) as readonly Pair[]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isInstalled(): boolean {
  const installed = join(home, 'node_modules/.package-lock.json')
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(home, 'package-lock.json')).mtimeMs
}

/** What it prints goes to standard error, because standard output is for the report. */
async function run(command: string, args: readonly string[], signal: AbortSignal): Promise<number | null> {
  const child = spawn(command, args, { cwd: home, stdio: ['ignore', 2, 2], signal })
  const [status] = await once(child, 'close')
  return status
}

const missing = (what: string) =>
  new MillraceError(
    'ML_REAL_INSTALL',
    `the second Kafka client is not to be had: ${what} failed; what is printed above says why`,
  )
