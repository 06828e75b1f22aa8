import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts, type Service, startService } from '../services/service.js'

const exec = promisify(execFile)

/** What Python's installer is asked for. */
const wanted = 'moto[server,sqs]==5.2.5'

/** Why the lane cannot run here. */
export class Skipped extends Error {}

/**
 * The program of moto's server, in an environment of its own under the cache; installed once, later runs need no network.
 *
 * @throws Skipped where there is no Python 3, or it cannot be installed
 */
export async function installMoto(cache: string, tell: (line: string) => void): Promise<string> {
  const folder = join(cache, 'moto-5.2.5')
  const program = join(folder, 'bin/moto_server')
  const stamp = join(folder, 'complete')
  if (existsSync(stamp)) return program
  await exec('python3', ['--version']).catch(() => {
    throw new Skipped('there is no python3 on the path')
  })
  tell(`installing ${wanted}, once`)
  try {
    rmSync(folder, { recursive: true, force: true })
    await exec('python3', ['-m', 'venv', folder])
    await exec(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', wanted])
  } catch (error) {
    throw new Skipped(`${wanted} cannot be installed: ${(error as Error).message}`)
  }
  writeFileSync(stamp, '')
  return program
}

/** Starts moto on a free port of 127.0.0.1, with nothing in it. @throws MillraceError `ML_REAL_START` */
export async function startMoto(program: string, signal: AbortSignal): Promise<Service> {
  const [port = 0] = await freePorts(1)
  const address = `http://127.0.0.1:${port}`
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-moto-'))
  return startService(
    {
      ...{ name: 'moto', command: program, args: ['-H', '127.0.0.1', '-p', String(port)] },
      ...{ logFile: join(scratch, 'moto.log'), scratch, address },
      ask: () => fetch(`${address}/moto-api/`).then(({ ok }) => ok),
    },
    signal,
  )
}
