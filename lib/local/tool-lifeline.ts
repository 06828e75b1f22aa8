/** Loaded before a program of somebody else: ties its life to that of the process that started it. */
import { isMainThread, Worker } from 'node:worker_threads'
import { lifelineFd } from './worker/path.js'

// Threads and forks of the program load this too; their third descriptor is another.
if (isMainThread && process.env.MILLRACE_TOOL_OF === String(process.ppid)) {
  delete process.env.MILLRACE_TOOL_OF
  new Worker(new URL('./worker/lifeline.js', import.meta.url), { workerData: lifelineFd, execArgv: [] }).unref()
}
