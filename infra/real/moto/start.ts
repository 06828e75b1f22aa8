import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../../tools/project.js'
import { freePorts, type Service, startService } from '../services/service.js'
import type { Python } from './install.js'

/** Where its files stand in the sources: the compiler copies no Python. */
const launcher = join(root, 'infra/real/moto/launch.py')

/** Starts moto on a free port of 127.0.0.1, with nothing in it. @throws MillraceError `ML_REAL_START` */
export async function startMoto({ python }: Python, signal: AbortSignal): Promise<Service> {
  const [port = 0] = await freePorts(1)
  const address = `http://127.0.0.1:${port}`
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-moto-'))
  return startService(
    {
      ...{ name: 'moto', command: python, args: [launcher, '-H', '127.0.0.1', '-p', String(port)] },
      ...{ logFile: join(scratch, 'moto.log'), scratch, address },
      ask: () => fetch(`${address}/moto-api/`).then(({ ok }) => ok),
    },
    signal,
  )
}
