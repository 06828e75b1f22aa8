import type { ErrorCode } from '../errors.js'

/** Names a file: the plugin adds all that its checks find there, one JSON object a line, and refuses nothing by them. */
export const findingsVariable = 'MILLRACE_FINDINGS'

/** What a check found in a service. */
export interface Finding {
  readonly code: ErrorCode
  /** An error stops packaging and deployment; a warning is logged. */
  readonly severity: 'error' | 'warning'
  /** As in serverless.yml; absent where the message alone says whom it concerns. */
  readonly function?: string
  /** Of its event. */
  readonly type?: 'kafka' | 'msk'
  readonly topic?: string
  /** What is wrong, and what to change. */
  readonly message: string
}

/** Whom a finding concerns, in words, for example `function orders, kafka event of topic orders`; empty where it does not say. */
export function subjectOf({ function: name, type, topic }: Finding): string {
  if (name === undefined) return ''
  return topic === undefined ? `function ${name}` : `function ${name}, ${type} event of topic ${topic}`
}
