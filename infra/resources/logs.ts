import type { Service, ServiceFunction } from '../serverless.js'

/** A month: long enough to look into what failed lately, short of paying for ever. */
const defaultRetentionDays = 30

/** How long the log group that osls makes for a function keeps what it is told; unset, it would for ever. */
export function setLogRetention(declared: ServiceFunction, { custom, provider }: Service): void {
  const { retentionDays = defaultRetentionDays } = custom?.millrace?.logs ?? {}
  declared.logRetentionInDays ??= provider.logRetentionInDays ?? retentionDays
}
