import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MillraceError } from '../../../lib/errors.js'
import type { RuntimeProgram } from '../../../lib/local/worker/index.js'
import { node24 } from '../../../tools/node24.js'
import { root } from '../../../tools/project.js'

const source = join(root, 'infra/real/lambda/ric')
const home = join(root, '.cache/lambda-ric')
const stamp = join(home, 'complete')

/** What Lambda passes to Node: neither may a `require` load an ES module, nor is one recognised by its syntax. */
export const loaderFlags = ['--no-experimental-require-module', '--no-experimental-detect-module'] as const

/** What compiling the client takes; the names are alternatives. */
const builders = [['cmake', 'cmake3'], ['make'], ['g++', 'c++', 'clang++'], ['python3'], ['tar'], ['xz']] as const

/** Why the client cannot be compiled here; undefined where it can. */
export function missingBuilder(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `Lambda's runtime client is run on linux-x64, and this is ${process.platform}-${process.arch}`
  }
  const missing = builders.find(
    (names) => !names.some((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0),
  )
  return missing && `there is no ${missing.join(' or ')} to compile Lambda's runtime client with`
}

/**
 * Lambda's own runtime client on Node 24, compiled and installed once; later runs need no network.
 *
 * @throws MillraceError `ML_REAL_INSTALL`
 */
export async function runtimeClient(tell: (line: string) => void, signal: AbortSignal): Promise<RuntimeProgram> {
  const node = node24()
  if (node === undefined) throw missing('Node 24')
  if (!isInstalled()) await install(tell, signal)
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  const program = join(home, 'node_modules/aws-lambda-ric/index.mjs')
  return { node, nodeVersion: stdout.trim().slice(1), flags: loaderFlags, program }
}

/** The stamp is the lock file that was installed. */
const isInstalled = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock()
const lock = () => readFileSync(join(source, 'package-lock.json'), 'utf8')

async function install(tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  tell("installing and compiling Lambda's runtime client, once: about a minute")
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(source, name), join(home, name))
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const child = spawn('npm', args, {
    cwd: home,
    stdio: ['ignore', 2, 2],
    signal,
    env: { ...process.env, ...headers() },
  })
  const [status] = await once(child, 'close')
  if (status !== 0 || !existsSync(join(home, 'node_modules/aws-lambda-ric/rapid-client.node'))) throw missing('npm ci')
  writeFileSync(stamp, lock())
}

/** Node's own headers, where they came with it: otherwise they are fetched. */
function headers(): Record<string, string> {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {}
}

const missing = (what: string) =>
  new MillraceError(
    'ML_REAL_INSTALL',
    `Lambda's runtime client is not to be had: ${what} failed; what is printed above says why`,
  )
