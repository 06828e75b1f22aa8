/**
 * `millrace status`, `pause`, `resume` and `drain`: what mappings do, on this machine or deployed.
 *
 * @module
 */
export { withDrainOptions, withPauseOptions, withResumeOptions, withStatusOptions } from './options.js'

/** Each is loaded when it is run. */
export const commands = {
  status: async () => (await import('./status.js')).status,
  pause: async () => (await import('./pause.js')).pause,
  resume: async () => (await import('./resume.js')).resume,
  drain: async () => (await import('./drain.js')).drain,
}
