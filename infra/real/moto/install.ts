import { execFile } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Skipped } from '../lane.js'

const exec = promisify(execFile)

/** What Python's installer is asked for: all that the lanes need, so that one environment serves them all. */
const wanted = ['moto[server,cloudformation,awslambda,dynamodb,sqs]==5.2.5', 'cfn-lint==1.51.0']

/** Programs in a Python environment of the project's own. */
export interface Python {
  /** The interpreter, which finds moto. */
  readonly python: string
  readonly cfnLint: string
}

/**
 * Installs moto and cfn-lint under the cache, once; later runs need no network.
 *
 * @throws Skipped where there is no Python 3, or they cannot be installed
 */
export async function installPython(cache: string, tell: (line: string) => void): Promise<Python> {
  const folder = join(cache, 'python', wanted.map((name) => name.replace(/\[.*\]==|==/, '-')).join('-'))
  const installed = { python: join(folder, 'bin/python'), cfnLint: join(folder, 'bin/cfn-lint') }
  const stamp = join(folder, 'complete')
  if (existsSync(stamp)) return installed
  await requirePython()
  tell(`installing ${wanted.join(' and ')}, once`)
  try {
    rmSync(folder, { recursive: true, force: true })
    await exec('python3', ['-m', 'venv', folder])
    // Python compiles a module when it first reads it; most of these are never read, and compiling all takes half the time.
    const quickly = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-compile']
    await exec(join(folder, 'bin/pip'), ['install', ...quickly, ...wanted])
  } catch (error) {
    throw new Skipped(`${wanted.join(' and ')} cannot be installed: ${(error as Error).message}`)
  }
  writeFileSync(stamp, '')
  return installed
}

/** @throws Skipped where there is no Python 3 */
export async function requirePython(): Promise<void> {
  await exec('python3', ['--version']).catch(() => {
    throw new Skipped('there is no python3 on the path')
  })
}
