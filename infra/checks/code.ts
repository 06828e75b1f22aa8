import { rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { DeliveryNeeds } from '../../lib/deployment/index.js'
import { asError } from '../../lib/errors.js'
import { unpack } from '../../lib/local/template/index.js'
import type { Serverless } from '../serverless.js'
import { type Exit, exitsIn } from './exits.js'
import { loadNeeds } from './needs.js'
import { type Check, found } from './subject.js'

/** What a function's packaged code tells. */
export interface FunctionCode {
  /** A text: why it is not known. */
  readonly needs: DeliveryNeeds | string
  readonly exits: readonly Exit[]
}

/** What was not looked at is said, where it matters. */
export const checkCode: Check = (subject) => {
  const { needs } = subject.code
  if (typeof needs !== 'string') return []
  const text = `what its code needs of time-out, retries and record age was not checked: ${needs}. Export what kafkaFunction made as its handler, and have it load without the network`
  return [found('ML_CHECK_UNREAD', subject, text)]
}

/** Reads the code of a packaged function: unpacked, loaded in a process of its own, never invoked. */
export async function codeOf({ service, serviceDir }: Serverless, name: string): Promise<FunctionCode> {
  const declared = service.functions?.[name]
  const artifact = declared?.package?.artifact ?? service.package?.artifact
  if (declared?.handler === undefined || artifact === undefined)
    return { needs: 'it has no zip with a handler', exits: [] }
  // Beside the service's own modules, which a bundle may leave out because Lambda has them.
  const folder = join(serviceDir, '.serverless')
  const dir = join(folder, `.code-${name}`)
  try {
    await unpack(resolve(serviceDir, artifact), dir)
    const [needs, exits] = await Promise.all([loadNeeds(dir, declared.handler, service, declared), exitsIn(dir)])
    return { needs, exits }
  } catch (error) {
    return { needs: asError(error).message, exits: [] }
  } finally {
    await rm(dir, { recursive: true, force: true })
    // Where it was packaged to another folder, this one was not there before.
    await rmdir(folder).catch(() => undefined)
  }
}
