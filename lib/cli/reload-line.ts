import type { ReloadEvent } from '../local/reload/index.js'

/** What is said of a service that takes what is saved, as the arguments of {@link Voice.say}. */
export function reloadLine(event: ReloadEvent): [event: string, text: string, facts: object] {
  switch (event.kind) {
    case 'reloaded': {
      const { functionName, version, tookMs } = event
      const text = `${functionName} takes its new code, version ${version}, from its next batch on (${tookMs} ms)`
      return ['reloaded', text, { function: functionName, version, tookMs }]
    }
    case 'failed': {
      const { functionName, errors } = event
      const text = `${functionName} goes on with the code it has:\n${errors.join('\n')}`
      return ['reload-failed', text, { function: functionName, errors }]
    }
    case 'types':
      return ['types', event.errors.join('\n') || 'types are fine', { errors: event.errors }]
    case 'unchecked':
      return ['unchecked', `types are not checked: ${event.reason}`, { reason: event.reason }]
    case 'configuration':
      return ['configuration', `${event.file} was saved; packaging again`, { file: event.file }]
    case 'unwatched': {
      const { functionName, reason } = event
      const text = `${functionName} does not take what is saved: ${reason}; start \`millrace dev\` again for that`
      return ['unwatched', text, { function: functionName, reason }]
    }
  }
}

/**
 * Says what failed, unless this is to end: Ctrl-C in a terminal reaches the bundler and the packager too, and that they ended may be
 * noticed in the same turn as the signal, or before it.
 */
export function unlessStopping(signal: AbortSignal, say: () => void): void {
  setImmediate(() => {
    if (!signal.aborted) say()
  })
}
