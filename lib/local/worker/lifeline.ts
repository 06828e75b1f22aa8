/**
 * A thread in the function's process. It waits for the other end of a pipe, held by the parent, to close, and then kills the
 * process: also when the parent was killed by SIGKILL, and when the handler blocks the main thread for ever.
 */
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

new Socket({ fd: workerData as number, readable: true, writable: false }).on('error', die).on('close', die).resume()
