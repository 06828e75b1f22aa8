import { deploymentVariables } from '../../lib/deployment/index.js'
import type { Naming, Resource, Service } from '../serverless.js'
import type { DeclaredMapping } from './mappings.js'
import { refused } from './refused.js'

/**
 * `resources` in serverless.yml is merged last. Refused is what makes a function and its mappings disagree: a mapping of which the function is not
 * told, and another environment than that which tells it.
 *
 * @param ids the logical ids of the declared mappings
 * @throws MillraceError `ML_PLUGIN_CONFIG`
 */
export function refuseDisagreement(
  service: Service,
  naming: Pick<Naming, 'getLambdaLogicalId'>,
  resources: Readonly<Record<string, Resource>>,
  ids: ReadonlyMap<DeclaredMapping, string>,
): void {
  const declared = new Set(ids.values())
  const readers = new Set([...ids.keys()].map(({ functionName }) => functionName))
  const strangers = Object.entries(resources).filter(
    ([id, { Type, Properties }]) =>
      Type === 'AWS::Lambda::EventSourceMapping' && Properties?.Topics !== undefined && !declared.has(id),
  )
  for (const functionName of readers) {
    const functionId = naming.getLambdaLogicalId(functionName)
    const stranger = strangers.find(([, { Properties }]) => invokes(Properties?.FunctionName, functionId))
    if (stranger) {
      throw refused(
        `"resources" adds the mapping ${stranger[0]} to function ${functionName}, which is told of its events alone; declare it as a kafka or msk event of the function`,
      )
    }
    const environment = resources[functionId]?.Properties?.Environment as { Variables?: object } | undefined
    const variables: Readonly<Record<string, unknown>> = { ...environment?.Variables }
    for (const name of Object.values(deploymentVariables)) {
      if (variables[name] === service.functions?.[functionName]?.environment?.[name]) continue
      throw refused(
        `"resources" changes ${name} of function ${functionName}; the plugin sets it from the function's events, so that code and mapping cannot disagree. Take it out`,
      )
    }
  }
}

/** By a reference to the function, or to an alias of it. */
function invokes(reference: unknown, functionId: string): boolean {
  return (JSON.stringify(reference) ?? '').match(/\w+/g)?.includes(functionId) ?? false
}
