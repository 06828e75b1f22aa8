import { fork } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DeliveryNeeds } from '../../lib/deployment/index.js'
import { compiledProgram } from '../../lib/local/program.js'
import { unpack } from '../../lib/local/template/index.js'
import type { Serverless, ServiceFunction } from '../serverless.js'

/** How long loading a handler may take, in milliseconds. */
const loadMs = 20_000

/**
 * What a packaged function needs of its mapping's retries, as its own code says: loaded from its zip in a process of its own, with its environment,
 * without credentials, and not invoked. A text: why it could not be known.
 */
export async function needsOf(serverless: Serverless, name: string): Promise<DeliveryNeeds | string> {
  const { service, serviceDir } = serverless
  const declared = service.functions?.[name]
  const artifact = declared?.package?.artifact ?? service.package?.artifact
  if (declared?.handler === undefined || artifact === undefined) return 'it has no zip with a handler'
  // Beside the service's own modules, which a bundle may leave out because Lambda has them.
  const dir = join(serviceDir, '.serverless', `.needs-${name}`)
  try {
    await unpack(resolve(serviceDir, artifact), dir)
    return await load(dir, declared.handler, environmentOf(serverless, declared))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function load(dir: string, handler: string, env: Record<string, string>): Promise<DeliveryNeeds | string> {
  const program = compiledProgram(new URL('./needs-process.js', import.meta.url))
  return new Promise((resolve) => {
    const child = fork(program, [dir, handler], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: loadMs,
      killSignal: 'SIGKILL',
    })
    child.once('message', (needs) => resolve(needs as DeliveryNeeds | string))
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) =>
      resolve(signal ? `loading it took over ${loadMs} ms` : `loading it ended the process with exit code ${code}`),
    )
  })
}

/** What of the function's variables is known before it is deployed; nothing of who packages but where Node is. */
function environmentOf({ service }: Serverless, declared: ServiceFunction): Record<string, string> {
  const own = Object.entries({ ...service.provider.environment, ...declared.environment }).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  )
  return {
    PATH: process.env.PATH ?? '',
    AWS_REGION: service.provider.region ?? 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...Object.fromEntries(own),
  }
}
