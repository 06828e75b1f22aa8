import { channel } from 'node:diagnostics_channel'

/** What Millrace's functions listen to for writes that they cannot see themselves; see `unawaitedWrites`. */
const [started, ended] = [channel('millrace:write:started'), channel('millrace:write:ended')]

/**
 * Lets the function in hand know of a write until it has an answer: if its handler returns before that, its record fails.
 */
export async function watched<T>(write: () => Promise<T>): Promise<T> {
  const request = {}
  started.publish({ request })
  try {
    return await write()
  } finally {
    ended.publish({ request })
  }
}
