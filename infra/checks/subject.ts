import { type DeliveryNeeds, defaultReserveMs, type Finding } from '../../lib/deployment/index.js'
import { chosen, defaultStallSeconds } from '../alarms/index.js'
import { lagOf } from '../metrics/index.js'
import type { Plan, PlannedFunction, PlannedMapping } from '../plan.js'
import { logGroupOf } from '../resources/index.js'
import { type CheckCode, catalogue } from './catalogue.js'
import type { FunctionCode } from './code.js'

/** A function and its mappings as they will be deployed: after `resources` of serverless.yml were merged in. */
export interface Subject {
  readonly planned: PlannedFunction
  readonly properties: FunctionProperties
  readonly mappings: readonly SubjectMapping[]
  readonly code: FunctionCode
  readonly timeoutMs: number
  /** serverless.yml says it, for the function or for all. */
  readonly isTimeoutSet: boolean
  /** What it prints is kept. */
  readonly hasLog: boolean
  /** Of the stall alarms of its mappings; undefined: they are turned off. */
  readonly stallSeconds: number | undefined
  /** It goes to AWS now: neither packaged only, nor sent to what stands in for AWS. */
  readonly isDeployed: boolean
}

export interface SubjectMapping {
  readonly planned: PlannedMapping
  /** Its lag is known, by which a stall alarm goes. */
  readonly tellsLag: boolean
  readonly properties: MappingProperties
}

/** What of an `AWS::Lambda::Function` is looked at. */
interface FunctionProperties {
  readonly Timeout?: number
  readonly MemorySize?: number
  readonly ReservedConcurrentExecutions?: number
}

/** What of an `AWS::Lambda::EventSourceMapping` is looked at. */
export interface MappingProperties {
  readonly BatchSize?: number
  readonly MaximumBatchingWindowInSeconds?: number
  readonly MaximumRecordAgeInSeconds?: number
  readonly StartingPosition?: string
  readonly FilterCriteria?: { readonly Filters?: readonly unknown[] }
  readonly ProvisionedPollerConfig?: { readonly MinimumPollers?: number; readonly MaximumPollers?: number }
  readonly SelfManagedEventSource?: { readonly Endpoints?: { readonly KafkaBootstrapServers?: readonly unknown[] } }
  readonly SourceAccessConfigurations?: readonly { readonly Type?: unknown }[]
}

/** Looks at one function; what it finds is told together with all else. */
export type Check = (subject: Subject) => readonly Finding[]

/** Seconds that osls gives a function that asks for none. */
const defaultTimeout = 6

export function subjectFor(plan: Plan, planned: PlannedFunction, code: FunctionCode, isDeployed: boolean): Subject {
  const properties: FunctionProperties = plan.resources[planned.logicalId]?.Properties ?? {}
  return {
    ...{ planned, properties, code, isDeployed },
    hasLog: logGroupOf(plan, planned) !== undefined,
    stallSeconds: stallSecondsOf(plan, planned),
    timeoutMs: (properties.Timeout ?? defaultTimeout) * 1_000,
    isTimeoutSet: planned.isTimeoutSet,
    mappings: planned.mappings.map((mapping) => ({
      planned: mapping,
      tellsLag: lagOf(plan, planned, mapping) !== undefined,
      properties: plan.resources[mapping.logicalId]?.Properties ?? {},
    })),
  }
}

function stallSecondsOf(plan: Plan, planned: PlannedFunction): number | undefined {
  const asked = chosen('stall', planned.settings.alarms, plan.settings.alarms)
  return asked === false ? undefined : (asked?.stallSeconds ?? defaultStallSeconds(plan, planned))
}

/** A finding on a function, or on one mapping of it. */
export function found(code: CheckCode, { planned }: Subject, message: string, mapping?: SubjectMapping): Finding {
  const { severity } = catalogue[code]
  const where = mapping && { type: mapping.planned.type, topic: mapping.planned.told.topic }
  return { code, severity, function: planned.name, ...where, message }
}

/** The findings of a check that looks at each mapping by itself. */
export const ofMappings = (
  { mappings }: Subject,
  check: (mapping: SubjectMapping) => readonly Finding[],
): readonly Finding[] => mappings.flatMap(check)

/** How long an invocation runs records, in milliseconds, and what it keeps for settling. */
export function timeOf(
  needs: DeliveryNeeds,
  timeoutMs: number,
): { readonly usableMs: number; readonly reserveMs: number } {
  const limitMs = Math.min(timeoutMs, needs.batchTimeoutMs ?? Number.POSITIVE_INFINITY)
  const reserveMs = needs.reserveMs ?? defaultReserveMs(limitMs)
  return { usableMs: limitMs - reserveMs, reserveMs }
}
