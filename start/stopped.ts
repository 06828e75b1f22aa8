import { setTimeout as delay } from 'node:timers/promises'
import type { Checked } from './verify/index.js'
import { isAlive } from './watch.js'

/** How long a process may take to be gone once it was told to, in milliseconds. */
const patienceMs = 5_000

/** Nothing that was started is left: no process lives, and nothing failed to stop. */
export async function stoppedCheck(pids: readonly number[], failures: readonly string[]): Promise<Checked> {
  const until = Date.now() + patienceMs
  while (pids.some(isAlive) && Date.now() < until) await delay(20)
  const left = pids.filter(isAlive).map((pid) => `the process ${pid} still lives`)
  const complaints = [...failures, ...left]
  const detail = complaints.length === 0 ? `${pids.length} processes, all gone` : complaints.join('; ')
  return { name: 'stopped', ok: complaints.length === 0, detail }
}
