import type { ServiceFunction } from '../serverless.js'
import type { LogSettings } from './settings.js'

/** A month: long enough to look into what failed last week, short of paying for ever. */
const defaultRetentionDays = 30

/** How long the log group that osls makes for a function keeps what it is told; without it, for ever. */
export function setLogRetention(declared: ServiceFunction, { retentionDays = defaultRetentionDays }: LogSettings): void {
  declared.logRetentionInDays ??= retentionDays
}
