/**
 * Loads the handler of a packaged function, as Lambda would, and sends what it needs of its mapping to the parent, or a text: why that
 * is not known. Arguments: folder of the unpacked code, handler.
 *
 * @module
 */
import { type DeliveryNeeds, needsMark } from '../../lib/deployment/index.js'
import { loadHandler } from '../../lib/local/worker/index.js'

async function read(dir = '', handler = ''): Promise<DeliveryNeeds | string> {
  try {
    const loaded = (await loadHandler(dir, handler)) as unknown as { readonly [needsMark]?: DeliveryNeeds }
    return loaded[needsMark] ?? `${handler} is not what kafkaFunction made`
  } catch (error) {
    return String(error)
  }
}

// What the code has opened shall not keep this process.
process.send?.(await read(...process.argv.slice(2)), () => process.exit(0))
