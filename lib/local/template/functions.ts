import { basename, join, resolve as resolvePath } from 'node:path'
import { healthFunction } from '../../deployment/index.js'
import { MillraceError, show } from '../../errors.js'
import type { State } from './files.js'
import { type Resolve, resolveOnly } from './resolve.js'
import type { FunctionConfig, Template } from './types.js'

/** What is read of an `AWS::Lambda::Function`, once resolved; the defaults are Lambda's. */
interface Properties {
  readonly FunctionName?: string
  readonly Handler?: string
  readonly Runtime?: string
  readonly Timeout?: number
  readonly MemorySize?: number
  readonly ReservedConcurrentExecutions?: number
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> }
  readonly Code?: { readonly S3Key?: string }
}

const names = [
  'FunctionName',
  'Handler',
  'Runtime',
  'Timeout',
  'MemorySize',
  'ReservedConcurrentExecutions',
  'Environment',
  'Code',
] as const

/** The functions of serverless.yml; those that osls and the plugin add for themselves are left out. */
export function functionsOf(
  serviceDir: string,
  template: Template,
  state: State,
  resolve: Resolve,
): readonly FunctionConfig[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) => {
    if (resource.Type !== 'AWS::Lambda::Function') return []
    const properties = resolveOnly(resolve, resource.Properties, names) as Properties
    const declared = Object.entries(state.service.functions).find(([, { name }]) => name === properties.FunctionName)
    if (!declared || declared[0] === healthFunction) return []
    const [key, { name, package: own }] = declared
    const artifact = own?.artifact || state.service.package?.artifact
    return [functionOf(id, key, name, properties, zipOf(serviceDir, artifact, properties.Code?.S3Key ?? ''))]
  })
}

function functionOf(id: string, key: string, name: string, properties: Properties, zip: string): FunctionConfig {
  const { Handler: handler, Runtime: runtime = '', Timeout: timeout = 3, MemorySize: memoryMb = 128 } = properties
  if (handler === undefined || !runtime.startsWith('nodejs')) {
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      `the function ${key} has handler ${show(handler)} and runtime ${show(runtime)}; locally only functions packaged for nodejs run`,
    )
  }
  const variables = Object.entries(properties.Environment?.Variables ?? {})
  const environment = Object.fromEntries(variables.map(([variable, value]) => [variable, String(value)]))
  const { ReservedConcurrentExecutions: concurrency } = properties
  const reserved = concurrency === undefined ? {} : { concurrency }
  return { id, key, name, handler, timeoutMs: timeout * 1000, memoryMb, ...reserved, environment, zip }
}

/** osls says where the zip is; where it does not, it is beside the template, under the name it is uploaded by. */
function zipOf(serviceDir: string, artifact: string | undefined, s3Key: string): string {
  return artifact ? resolvePath(serviceDir, artifact) : join(resolvePath(serviceDir), '.serverless', basename(s3Key))
}
