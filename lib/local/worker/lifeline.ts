/**
 * A thread in a process that shall not outlive its parent. It waits for the other end of a pipe, held by the parent, to close, and
 * then kills the process and what that has started: also when the parent was killed by SIGKILL, and when the main thread is
 * blocked for ever.
 */
import { Socket } from 'node:net'
import { workerData } from 'node:worker_threads'
import { killGroup } from '../group.js'

const die = (): void => {
  if (!killGroup(process.pid, 'SIGKILL')) process.kill(process.pid, 'SIGKILL')
}

new Socket({ fd: workerData as number, readable: true, writable: false }).on('error', die).on('close', die).resume()
