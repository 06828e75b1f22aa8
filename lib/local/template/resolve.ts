import { MillraceError, show } from '../../errors.js'
import { isObject } from './files.js'
import type { Resource, Template } from './types.js'

/** The emulated account; {@link Worker} uses the same. */
const account = '123456789012'

/** Turns a value of a template into the plain value it would have once deployed. */
export type Resolve = (value: unknown) => unknown

/** The property that names a resource, by its type. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::MSK::Cluster': 'ClusterName',
  'AWS::MSK::ServerlessCluster': 'ClusterName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
}

/** How an ARN spells a resource of this type before its name. */
const arnPrefixes: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'dynamodb:REGION:ACCOUNT:table/',
  'AWS::Lambda::Function': 'lambda:REGION:ACCOUNT:function:',
  'AWS::Logs::LogGroup': 'logs:REGION:ACCOUNT:log-group:',
  'AWS::MSK::Cluster': 'kafka:REGION:ACCOUNT:cluster/',
  'AWS::MSK::ServerlessCluster': 'kafka:REGION:ACCOUNT:cluster/',
  'AWS::S3::Bucket': 's3:::',
}

/** What `Ref` gives the ARN of, not the name. */
const referredByArn = ['AWS::MSK::Cluster', 'AWS::MSK::ServerlessCluster', 'AWS::SNS::Topic']

/** Deeper nesting is a reference that leads back to itself. */
const deepest = 50

/**
 * Resolves `Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select` and the pseudo parameters of a template as far as a local
 * run needs them: names and ARNs of what the template itself makes.
 */
export function resolver(template: Template, stack: string, region: string): Resolve {
  const pseudo: Readonly<Record<string, string | undefined>> = {
    'AWS::AccountId': account,
    'AWS::NoValue': undefined,
    'AWS::Partition': 'aws',
    'AWS::Region': region,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stack}/local`,
    'AWS::StackName': stack,
    'AWS::URLSuffix': 'amazonaws.com',
  }

  const resolve = (value: unknown, depth: number): unknown => {
    if (depth > deepest) throw unresolved('a value', 'it refers to itself')
    const inner = (part: unknown): unknown => resolve(part, depth + 1)
    if (Array.isArray(value)) return value.map(inner).filter((part) => part !== undefined)
    if (!isObject(value)) return value
    const [name = '', ...more] = Object.keys(value)
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return call(name, value[name], inner)
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, part]) => [key, inner(part)] as const)
        .filter(([, part]) => part !== undefined),
    )
  }

  const call = (name: string, argument: unknown, inner: Resolve): unknown => {
    if (name === 'Ref') return refer(String(argument), inner)
    if (name === 'Fn::GetAtt') return attribute(getAttParts(argument), inner)
    if (name === 'Fn::Sub') return substitute(argument, inner)
    if (name === 'Fn::Join' && Array.isArray(argument)) return listOf(argument[1], inner).join(String(argument[0]))
    if (name === 'Fn::Select' && Array.isArray(argument)) return listOf(argument[1], inner)[Number(argument[0])]
    throw unresolved(name, 'it is not known locally')
  }

  const refer = (id: string, inner: Resolve): unknown => {
    if (id in pseudo) return pseudo[id]
    const resource = template.Resources[id]
    if (resource && referredByArn.includes(resource.Type)) return attribute([id, 'Arn'], inner)
    if (resource) return nameOf(id, resource, inner)
    const fallback = template.Parameters?.[id]?.Default
    if (fallback === undefined)
      throw unresolved(`Ref ${id}`, 'the template has no such resource, and no default for it')
    return fallback
  }

  const attribute = ([id, attributeName]: [string, string], inner: Resolve): string => {
    const resource = template.Resources[id]
    if (!resource) throw unresolved(`Fn::GetAtt ${id}.${attributeName}`, 'the template has no such resource')
    const name = nameOf(id, resource, inner)
    // What else a resource may tell exists only once it is deployed.
    if (attributeName !== 'Arn' && attributeName !== 'TopicArn') return `${name}.${attributeName}`
    const service = resource.Type.split('::')[1]?.toLowerCase()
    const prefix = arnPrefixes[resource.Type] ?? `${service}:REGION:ACCOUNT:`
    return `arn:aws:${prefix.replace('REGION', region).replace('ACCOUNT', account)}${name}`
  }

  const substitute = (argument: unknown, inner: Resolve): string => {
    const [text, given] = Array.isArray(argument) ? argument : [argument, {}]
    const variables: Record<string, unknown> = isObject(given) ? given : {}
    return String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`
      if (name in variables) return String(inner(variables[name]) ?? '')
      return String((name.includes('.') ? attribute(getAttParts(name), inner) : refer(name, inner)) ?? '')
    })
  }

  return (value) => resolve(value, 0)
}

/** Some properties of a resource, resolved; the others may hold what only a deployment can resolve. */
export function resolveOnly<T extends string>(
  resolve: Resolve,
  properties: Readonly<Record<string, unknown>> | undefined,
  names: readonly T[],
): Partial<Record<T, unknown>> {
  const entries = names.map((name) => [name, resolve(properties?.[name])] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<Record<T, unknown>>
}

function nameOf(id: string, { Type, Properties }: Resource, inner: Resolve): string {
  const name = Properties?.[nameProperties[Type] ?? '']
  return name === undefined ? id : String(inner(name))
}

function listOf(value: unknown, inner: Resolve): readonly unknown[] {
  const list = inner(value)
  if (Array.isArray(list)) return list
  throw unresolved('Fn::Join or Fn::Select', `${show(list)} is no list`)
}

function getAttParts(argument: unknown): [id: string, attribute: string] {
  const [id = '', ...attribute] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.')
  return [id, attribute.join('.')]
}

function unresolved(what: string, why: string): MillraceError {
  return new MillraceError(
    'ML_LOCAL_TEMPLATE',
    `${what} in the CloudFormation template cannot be resolved: ${why}; write the value out in serverless.yml for local runs`,
  )
}
