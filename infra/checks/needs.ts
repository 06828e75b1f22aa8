import { fork } from 'node:child_process'
import type { DeliveryNeeds } from '../../lib/deployment/index.js'
import { compiledProgram } from '../../lib/local/program.js'
import type { Service, ServiceFunction } from '../serverless.js'

/** How long loading a handler may take, in milliseconds. */
const loadMs = 20_000

/**
 * What a packaged function needs of its mapping and its time, as its own code says: loaded from its unpacked zip in a process of its own, with its
 * environment, without credentials, and not invoked. A text: why it could not be known.
 */
export function loadNeeds(
  dir: string,
  handler: string,
  service: Service,
  declared: ServiceFunction,
): Promise<DeliveryNeeds | string> {
  const program = compiledProgram(new URL('./needs-process.js', import.meta.url))
  return new Promise((resolve) => {
    const child = fork(program, [dir, handler], {
      env: environmentOf(service, declared),
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
function environmentOf({ provider }: Service, declared: ServiceFunction): Record<string, string> {
  const own = Object.entries({ ...provider.environment, ...declared.environment }).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  )
  return {
    PATH: process.env.PATH ?? '',
    AWS_REGION: provider.region ?? 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...Object.fromEntries(own),
  }
}
