/** Loaded before a program of somebody else: ties its life to that of the process that started it. */
import { isMainThread, Worker } from 'node:worker_threads'
import { lifelineFd } from './worker/path.js'

// Threads and forks of the program load this too, where the third descriptor is another; only the program itself finds the variable.
if (isMainThread && process.env.MILLRACE_TOOL !== undefined) {
  delete process.env.MILLRACE_TOOL
  new Worker(new URL('./worker/lifeline.js', import.meta.url), { workerData: lifelineFd, execArgv: [] }).unref()
}
