/**
 * What a log may say of an error: logs carry no payloads (envelopes do), and errors of parsers and schemas quote what they were given.
 *
 * @module
 */

/** What an error says where it may not say all. */
interface Discreet {
  /** Its message without anything that a record carried. */
  readonly discreet?: string
}

const hidden =
  'its message may quote the record, so it is kept out of logs (MILLRACE_LOG_PAYLOADS=true puts it in); the envelope has it'

/** An error's message, or what takes its place in a log. */
export function discreetMessage(error: Error): string {
  const { discreet } = error as Discreet
  if (discreet !== undefined) return discreet
  return quotesInput(error) ? `${error.name}: ${hidden}` : error.message
}

/** Where it was thrown, without its message. */
export function discreetStack(error: Error): string | undefined {
  if ((error as Discreet).discreet === undefined && !quotesInput(error)) return error.stack
  const head = `${error.name}: ${error.message}\n`
  // Whoever wrote a stack of their own may have put anything into it.
  return error.stack?.startsWith(head) ? error.stack.slice(head.length) : undefined
}

/** `JSON.parse` quotes what it stumbles over; errors of schemas (zod, valibot, arktype) have their issues, and quote them. */
function quotesInput(error: Error): boolean {
  try {
    return error instanceof SyntaxError || 'issues' in error
  } catch {
    // A proxy that does not tell.
    return true
  }
}
