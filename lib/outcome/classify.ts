/** What an error makes of its record, and the rule that decided. */
export interface Classified {
  readonly status: 'retry' | 'fallback' | 'drop'
  /** For the log and the envelope, for example `timeout`. */
  readonly rule: string
}

export function classify(_error: Error): Classified {
  return { status: 'retry', rule: 'failed' }
}
