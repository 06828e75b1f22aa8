import { MillraceError } from '../errors.js'
import type { Outcome } from '../outcome/index.js'
import type { Engine, Failed } from './engine.js'
import type { RecordAttempt } from './run.js'

/** The record's own limit of time, if there is one: its signal aborts, and it has failed. */
export function limitOf({ clock, recordTimeoutMs }: Engine, run: RecordAttempt) {
  if (!Number.isFinite(recordTimeoutMs)) return undefined
  const error = new MillraceError(
    'ML_HANDLER_TIMEOUT',
    `the handler had not ended after ${recordTimeoutMs} ms; it gets ctx.signal to stop in time, and the option recordTimeoutMs gives it more`,
  )
  const controller = new AbortController()
  run.signal = AbortSignal.any([run.signal, controller.signal])
  let cancel = () => {}
  const late = new Promise<Failed>((resolve) => {
    cancel = clock.after(recordTimeoutMs, () => {
      controller.abort(error)
      resolve({ status: 'failed', stage: 'process', error })
    })
  })
  return {
    cancel: () => cancel(),
    /** What comes first: the end of the run, or of its time. */
    race(result: Promise<Outcome | Failed>): Promise<Outcome | Failed> {
      let isOver = false
      const end = () => {
        isOver = true
      }
      result.then(end, end)
      run.isOver = () => isOver
      return Promise.race([result, late])
    },
  }
}
