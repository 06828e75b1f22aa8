import type { RunningMapping } from '../esm/index.js'
import { type Configuration, configurationOf, functionArnOf, uuidOf } from './configuration.js'
import { inUse, invalid, notFound } from './refusal.js'

type Controlled = Pick<RunningMapping, 'config' | 'life' | 'history'>

/** What runs just now. */
export interface Running {
  readonly mappings: readonly Controlled[]
  /** `host:port` each. */
  readonly brokers: readonly string[]
}

/** A page has so many at most, as Lambda's have. */
const pageSize = 100

/** ListEventSourceMappings. */
export function list(
  { mappings, brokers }: Running,
  query: URLSearchParams,
): { readonly EventSourceMappings: readonly Configuration[]; readonly NextMarker?: string } {
  const [name, arn] = [query.get('FunctionName'), query.get('EventSourceArn')]
  const from = number('Marker', query.get('Marker'), 0, 0)
  const count = Math.min(pageSize, number('MaxItems', query.get('MaxItems'), pageSize, 1))
  const meant = mappings.filter(
    ({ config }) =>
      (name === null || isNamed(functionArnOf(config), name)) && (arn === null || config.eventSourceArn === arn),
  )
  return {
    EventSourceMappings: meant.slice(from, from + count).map((one) => configurationOf(one, brokers)),
    ...(from + count < meant.length && { NextMarker: String(from + count) }),
  }
}

/** GetEventSourceMapping. */
export const get = ({ mappings, brokers }: Running, uuid: string): Configuration =>
  configurationOf(find(mappings, uuid), brokers)

/** UpdateEventSourceMapping, which answers before it is done. @param onError told where that fails */
export function update(
  { mappings, brokers }: Running,
  uuid: string,
  body: string,
  onError: (error: unknown) => void,
): Configuration {
  const enabled = enabledIn(body)
  const mapping = find(mappings, uuid)
  const { life } = mapping
  if (life.state !== 'Enabled' && life.state !== 'Disabled') throw inUse()
  if (enabled === undefined || enabled === (life.state === 'Enabled')) return configurationOf(mapping, brokers)
  ;(enabled ? life.enable() : life.disable()).catch(onError)
  return { ...configurationOf(mapping, brokers), State: enabled ? 'Enabling' : 'Disabling' }
}

function find(mappings: readonly Controlled[], uuid: string): Controlled {
  const found = mappings.find(({ config }) => uuidOf(config) === uuid)
  if (found === undefined) throw notFound()
  return found
}

/** A name, or an ARN, or a part of one, each also with `$LATEST`: there are no versions here. */
function isNamed(functionArn: string, name: string): boolean {
  const unqualified = name.replace(/:\$LATEST$/, '')
  return functionArn === unqualified || functionArn.endsWith(`:${unqualified}`)
}

function enabledIn(body: string): boolean | undefined {
  let given: unknown
  try {
    given = JSON.parse(body || '{}')
  } catch {
    throw invalid('the request is no JSON')
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid('the request is no object')
  const { Enabled: enabled, FunctionName: _, ...others } = given as Readonly<Record<string, unknown>>
  const [other] = Object.keys(others)
  if (other !== undefined)
    throw invalid(`${other} cannot be changed locally; change serverless.yml, which is read again`)
  if (enabled !== undefined && typeof enabled !== 'boolean') throw invalid('Enabled is neither true nor false')
  return enabled
}

function number(name: string, text: string | null, byDefault: number, least: number): number {
  if (text === null) return byDefault
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) throw invalid(`${name} is none that this gave, or no whole number`)
  return value
}
