import {
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import type { Resource } from '../../serverless.js'
import { account, type Clients, region } from './clients.js'

/** A deployed stack: the template as it was taken, and what became of each resource. */
export interface Stack {
  readonly name: string
  readonly resources: Readonly<Record<string, Resource>>
  /** By logical id. */
  readonly physical: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, string>>
}

/** @throws where there is no such stack */
export async function readStack(name: string, { cloudFormation }: Clients): Promise<Stack> {
  const of = { StackName: name }
  const { TemplateBody = '{}' } = await cloudFormation.send(new GetTemplateCommand(of))
  const { StackResources = [] } = await cloudFormation.send(new DescribeStackResourcesCommand(of))
  const { Stacks = [] } = await cloudFormation.send(new DescribeStacksCommand(of))
  const physical = StackResources.map((one) => [one.LogicalResourceId, one.PhysicalResourceId])
  const outputs = (Stacks[0]?.Outputs ?? []).map((one) => [one.OutputKey, one.OutputValue])
  return {
    name,
    resources: JSON.parse(TemplateBody).Resources,
    physical: Object.fromEntries(physical),
    outputs: Object.fromEntries(outputs),
  }
}

/** Its resources of a type, as `[logical id, resource, physical id]`. */
export function ofType(stack: Stack, type: string): readonly (readonly [string, Resource, string])[] {
  return Object.entries(stack.resources).flatMap(([id, resource]) =>
    resource.Type === type ? [[id, resource, stack.physical[id] ?? ''] as const] : [],
  )
}

/** A value of the template with its references followed, as CloudFormation does it. @throws on what it does not know */
export function resolve(value: unknown, stack: Stack): unknown {
  if (Array.isArray(value)) return value.map((one) => resolve(one, stack))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [[key, argument] = ['', undefined]] = entries
  const followed = entries.length === 1 ? functions[key]?.(argument, stack) : undefined
  return followed ?? Object.fromEntries(entries.map(([name, one]) => [name, resolve(one, stack)]))
}

const functions: Readonly<Record<string, (argument: unknown, stack: Stack) => unknown>> = {
  Ref: (name, stack) => reference(String(name), stack),
  'Fn::GetAtt': (path, stack) => {
    const [id = '', attribute = ''] = Array.isArray(path) ? path : String(path).split(/\.(.*)/)
    return attributeOf(id, attribute, stack)
  },
  'Fn::Join': (parts, stack) => {
    const [separator, values] = parts as [string, unknown]
    return (resolve(values, stack) as unknown[]).join(separator)
  },
  'Fn::Sub': (argument, stack) => {
    const [text, own = {}] = Array.isArray(argument) ? argument : [argument]
    const values = resolve(own, stack) as Record<string, unknown>
    return String(text).replaceAll(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
      const [id = '', attribute] = name.split(/\.(.*)/)
      if (name in values) return String(values[name])
      return attribute ? attributeOf(id, attribute, stack) : reference(name, stack)
    })
  },
}

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Region': region,
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
}

function reference(name: string, stack: Stack): string {
  const found = name === 'AWS::StackName' ? stack.name : (pseudo[name] ?? stack.physical[name])
  if (found === undefined) throw new Error(`the template refers to ${name}, which is not in the stack`)
  return found
}

/** The ARN of what has a name. */
const arns: Readonly<Record<string, (name: string) => string>> = {
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:${region}:${account}:function:${name}`,
  'AWS::DynamoDB::Table': (name) => `arn:aws:dynamodb:${region}:${account}:table/${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::${account}:role/${name}`,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
  'AWS::CloudWatch::Alarm': (name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
}

function attributeOf(id: string, attribute: string, stack: Stack): string {
  const arn = attribute === 'Arn' ? arns[stack.resources[id]?.Type ?? ''] : undefined
  if (!arn) throw new Error(`this lane does not know ${attribute} of ${id}`)
  return arn(reference(id, stack))
}
