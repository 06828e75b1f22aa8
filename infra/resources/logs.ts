import type { Plan, PlannedFunction } from '../plan.js'
import type { Service, ServiceFunction } from '../serverless.js'

/** A month: long enough to look into what failed lately, short of paying for ever. */
const defaultRetentionDays = 30

/** How long the log group that osls makes for a function keeps what it is told; unset, it would for ever. */
export function setLogRetention(declared: ServiceFunction, { custom, provider }: Service): void {
  const { retentionDays = defaultRetentionDays } = custom?.millrace?.logs ?? {}
  declared.logRetentionInDays ??= provider.logRetentionInDays ?? retentionDays
}

/** The log group that a function writes to; undefined where serverless.yml turns its log off. */
export function logGroupOf(
  { provider, service }: Plan,
  { name, declared }: Pick<PlannedFunction, 'name' | 'declared'>,
): string | undefined {
  const named = declared.logs?.logGroup ?? service.provider.logs?.lambda?.logGroup
  if (named !== undefined) return named
  return declared.disableLogs ? undefined : provider.naming.getLogGroupName(declared.name ?? name)
}
