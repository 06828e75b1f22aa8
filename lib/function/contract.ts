import { count, writeMetrics } from '../emf.js'
import { type ErrorCode, MillraceError } from '../errors.js'
import { functionName, serviceName } from './runtime.js'

/** What the framework publishes of a function, whatever its batches, by name, each under {@link FunctionDimensions}. */
export type FunctionMetric = keyof ReturnType<typeof contractErrors>

/** What tells the metrics of one function from others'. */
export type FunctionDimensions = ReturnType<typeof dimensionsOf>

/** What fails a batch and passes by itself, or is the policy's own answer; any other error of the framework waits for a person. */
const passing: ReadonlySet<ErrorCode> = new Set([
  'ML_BATCH_FAILED',
  'ML_RECORD_FAILED',
  'ML_STORE_UNREACHABLE',
  'ML_SINK_FAILED',
  'ML_KAFKA_UNREACHABLE',
])

/** Whether code, deployment and event disagree: no delivery goes better until somebody mends it. */
export const isContractError = (error: unknown): boolean => error instanceof MillraceError && !passing.has(error.code)

/** Publishes so many of them. By function alone, for there may be no deployment to know a topic's group from. */
export function countContractErrors(n: number): void {
  writeMetrics(dimensionsOf(), contractErrors(n))
}

const contractErrors = (n: number) => ({ contractErrors: count(n) })

const dimensionsOf = () => ({ service: serviceName(), function: functionName() })
