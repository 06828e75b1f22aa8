import { MillraceError, show } from '../errors.js'

/** One mapping of a function, as a deployed stack or a local run tells of it. */
export interface StackFunction {
  /** As in serverless.yml, for example `orders`. */
  readonly name: string
  /** As deployed, for example `shop-dev-orders`. */
  readonly deployed: string
  readonly topic: string
  readonly group: string
  /** `host:port` each; empty where they are not known, as those of Amazon MSK. */
  readonly brokers: readonly string[]
}

/** What a stack tells of itself, to those who look into it or redrive. */
export interface StackFacts {
  readonly ledgerTable: string
  readonly failuresTable: string
  readonly functions: readonly StackFunction[]
}

/** An output of a CloudFormation template. */
export interface Output {
  readonly Description: string
  readonly Value: string
  /** CloudFormation's, under which there is such an output at all. */
  readonly Condition?: string
}

const ledgerOutput = 'MillraceLedgerTableName'
const failuresOutput = 'MillraceFailuresTableName'
/** One for each mapping, so that none becomes long. */
const mappingPrefix = 'MillraceReads'

/**
 * The outputs of a stack that {@link readOutputs} reads back; `ids` are the logical ids of the mappings, in their order, and `conditions` those under
 * which they are deployed.
 */
export function writeOutputs(
  facts: StackFacts,
  ids: readonly string[],
  conditions: readonly (string | undefined)[] = [],
): Record<string, Output> {
  const mappings = facts.functions.map((one, i) => {
    const { [i]: Condition } = conditions
    const Description = `What the function ${one.name} reads`
    const output: Output = { Description, Value: JSON.stringify(one), ...(Condition && { Condition }) }
    return [`${mappingPrefix}${ids[i]}`, output] as const
  })
  return {
    [ledgerOutput]: { Description: 'What is settled', Value: facts.ledgerTable },
    [failuresOutput]: { Description: 'The records given up on', Value: facts.failuresTable },
    ...Object.fromEntries(mappings),
  }
}

/**
 * What the outputs of a stack say; undefined where the stack is none of Millrace.
 *
 * @throws MillraceError `ML_DEPLOYMENT_INVALID` where one cannot be read
 */
export function readOutputs(outputs: Readonly<Record<string, string>>): StackFacts | undefined {
  const { [ledgerOutput]: ledgerTable, [failuresOutput]: failuresTable } = outputs
  if (ledgerTable === undefined || failuresTable === undefined) return undefined
  const functions = Object.entries(outputs).flatMap(([name, value]) =>
    name.startsWith(mappingPrefix) ? [stackFunction(name, value)] : [],
  )
  return { ledgerTable, failuresTable, functions }
}

function stackFunction(output: string, text: string): StackFunction {
  try {
    const value: unknown = JSON.parse(text)
    if (isStackFunction(value)) return value
  } catch {
    // Then it is none, either.
  }
  throw new MillraceError(
    'ML_DEPLOYMENT_INVALID',
    `the output ${output} is ${show(text)}, no mapping of a function; deploy again, with this release of millrace`,
  )
}

export function isStackFunction(value: unknown): value is StackFunction {
  if (typeof value !== 'object' || value === null) return false
  const { name, deployed, topic, group, brokers } = value as Record<keyof StackFunction, unknown>
  return [name, deployed, topic, group].every((one) => typeof one === 'string') && Array.isArray(brokers)
}
