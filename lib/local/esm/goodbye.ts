import { MillraceError } from '../../errors.js'

/** How long a broker may take to answer once the mapping is being stopped, in milliseconds: kafkajs would wait for minutes. */
const goodbyeMs = 5_000

/**
 * As the work ends. Once `stopping` is aborted, it has `ms` milliseconds more, and is then left alone.
 *
 * @throws MillraceError `ML_LOCAL_SOURCE_FAILED` when it is left alone
 */
export function unlessLate<T>(work: Promise<T>, stopping: AbortSignal, ms = goodbyeMs): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const begin = (): void => {
      timer = setTimeout(() => reject(late(ms)), ms)
    }
    const done = (): void => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', begin)
    }
    if (stopping.aborted) begin()
    else stopping.addEventListener('abort', begin)
    work.finally(done).then(resolve, reject)
  })
}

const late = (ms: number): MillraceError =>
  new MillraceError('ML_LOCAL_SOURCE_FAILED', `no broker has answered within ${ms / 1000} s of the stop; look at it`)
