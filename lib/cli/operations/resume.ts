import type { Command } from '../command.js'
import { withMappings } from './open.js'
import { type ResumeOptions, timeouts } from './options.js'
import { turn } from './turn.js'
import { turnEach, unfinished } from './turns.js'

/** `millrace resume`: has mappings read again, from what their groups have committed. */
export const resume: Command<ResumeOptions> = (options, surroundings) =>
  withMappings(options, (operated) => {
    const { timeout: timeoutSeconds = timeouts.turn } = options
    const telling = { event: 'resumed', done: 'resumed', timeoutSeconds }
    return turnEach(operated, telling, surroundings, async (present, patience) => {
      const waited = await turn(operated.api, present, true, patience)
      if (waited.end !== 'done') return unfinished(operated, present, waited.end, 'not Enabled yet')
      const { before } = waited.value
      return { ok: true, text: before ? 'is Enabled, as it was' : 'is Enabled', facts: { state: 'Enabled', before } }
    })
  })
