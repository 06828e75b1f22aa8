import { MillraceError } from '../../errors.js'
import type { MappingOptions } from './options.js'

/**
 * A function's reserved concurrency: refuses an invocation while `limit` others run, as Lambda throttles it. A mapping spends
 * no retry on that and tries again.
 */
export function limitConcurrency(invoke: MappingOptions['invoke'], limit: number): MappingOptions['invoke'] {
  let running = 0
  return async (event) => {
    if (running >= limit) {
      throw new MillraceError(
        'ML_LOCAL_THROTTLED',
        `${running} invocations run of ${limit} that may; it is tried again`,
      )
    }
    running++
    try {
      return await invoke(event)
    } finally {
      running--
    }
  }
}
