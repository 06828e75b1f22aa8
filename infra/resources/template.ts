import { isDeepStrictEqual } from 'node:util'
import type { Mapping } from '../../lib/deployment/index.js'
import { MillraceError, show } from '../../lib/errors.js'
import { type DeclaredMapping, isQueue, mappingOf, propertiesOf, queueMode, refused } from '../events/index.js'
import type { Naming, Resource, Service } from '../serverless.js'

type Resources = Record<string, Resource>

/** Adds to the compiled template what osls left out. Returns the logical id of each mapping. */
export function completeTemplate(
  resources: Resources,
  naming: Naming,
  mappings: readonly DeclaredMapping[],
  functions: Service['functions'] = {},
): ReadonlyMap<DeclaredMapping, string> {
  const ids = new Map<DeclaredMapping, string>()
  for (const mapping of mappings) {
    const [id, resource] = findMapping(resources, naming, mapping)
    const { Properties: properties = {} } = resource
    Object.assign(properties, propertiesOf(mapping.type, mapping.settings))
    if (isEmptyList(properties.SourceAccessConfigurations)) delete properties.SourceAccessConfigurations
    // osls deploys the function under a condition, but not what invokes it.
    const condition = functions[mapping.functionName]?.condition
    if (condition !== undefined) resources[id] = { Condition: condition, ...resource }
    ids.set(mapping, id)
  }
  return ids
}

/**
 * `resources` in serverless.yml is merged last and may change a mapping: then the function would be told wrong. Returns the mappings as
 * they are deployed, which is as the functions are told.
 */
export function refuseChangedMappings(
  resources: Resources,
  ids: ReadonlyMap<DeclaredMapping, string>,
): ReadonlyMap<DeclaredMapping, Mapping> {
  const all = new Map<DeclaredMapping, Mapping>()
  for (const [mapping, id] of ids) {
    const { functionName, type, told } = mapping
    const properties = resources[id]?.Properties ?? {}
    const deployed = mappingOf(type, properties)
    all.set(mapping, deployed)
    if (isQueue(properties)) throw queueMode(`"resources", mapping ${id}`)
    if (isDeepStrictEqual(deployed, told)) continue
    throw refused(
      `function ${functionName} is told ${show(told)}, but "resources" turns its mapping ${id} into ${show(deployed)}; set it on the ${type} event instead of under resources`,
    )
  }
  return all
}

/** The template that is being compiled. */
export function templateResources(service: Service): Resources {
  const template = service.provider.compiledCloudFormationTemplate
  if (template) return template.Resources
  throw new MillraceError('ML_PLUGIN_CONFIG', 'osls compiled no CloudFormation template; run `serverless package`')
}

function findMapping(
  resources: Resources,
  naming: Naming,
  { functionName, type, settings }: DeclaredMapping,
): [id: string, resource: Resource] {
  const functionId = JSON.stringify(naming.getLambdaLogicalId(functionName))
  for (const [id, resource] of Object.entries(resources)) {
    const { Type, Properties } = resource
    if (Type !== 'AWS::Lambda::EventSourceMapping' || !Properties) continue
    // A reference to the function, or to an alias of it.
    const isOfFunction = JSON.stringify(Properties.FunctionName).includes(functionId)
    if (isOfFunction && isDeepStrictEqual(Properties.Topics, [settings.topic])) return [id, resource]
  }
  throw refused(
    `osls wrote no mapping for the ${type} event of topic ${settings.topic} of function ${functionName}; this plugin is made for osls 4.3`,
  )
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
