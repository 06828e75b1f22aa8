import { accessOf, type Destination, type Intrinsic, type MappingAccess, type Value } from '../events/index.js'
import type { PlannedMapping } from '../plan.js'
import type { Resource } from '../serverless.js'
import { allow, onlyThrough, type Statement } from './statement.js'

/** What Lambda touches in a function's name to poll one of its mappings: it acts with the function's role. */
export function mappingStatements(
  mapping: PlannedMapping,
  resources: Readonly<Record<string, Resource>>,
): readonly Statement[] {
  const access = accessOf(mapping, resources)
  return [
    ...secretStatements(access.secrets),
    ...(access.cluster === undefined ? [] : clusterStatements(access.cluster, usesScram(resources[mapping.logicalId]))),
    ...(access.vpc ? allow('ec2', networkActions, ['*']) : []),
    ...(access.iamAuth && access.cluster !== undefined ? kafkaStatements(access.cluster, mapping, access) : []),
    ...(access.destination ? destinationStatements(access.destination) : []),
    ...(access.registry?.kind === 'glue' ? glueStatements(access.registry.uri) : []),
    ...tokenStatements(access.tokenAudiences),
    ...(access.key === undefined ? [] : allow('kms', ['Decrypt'], [access.key], onlyThrough('lambda'))),
  ]
}

/** Of the role that polls a cluster within a VPC. AWS knows no narrower resource for them. */
const networkActions = [
  'CreateNetworkInterface',
  'DescribeNetworkInterfaces',
  'DescribeVpcs',
  'DeleteNetworkInterface',
  'DescribeSubnets',
  'DescribeSecurityGroups',
]

/** MSK takes only secrets under a key of one's own; which key, the secret alone knows, so that it is named by the secret. */
function secretStatements(secrets: readonly Value[]): readonly Statement[] {
  const whole = secrets.flatMap(wholeArns)
  const ofSecrets = { ...onlyThrough('secretsmanager'), StringLike: { 'kms:EncryptionContext:SecretARN': whole } }
  return [
    ...allow('secretsmanager', ['GetSecretValue'], whole),
    ...allow('kms', ['Decrypt'], secrets.map(keysBeside), ofSecrets),
  ]
}

/**
 * What a policy has to name for a secret. Lambda also takes an ARN without the six random characters at its end, but IAM compares whole ones; an end
 * like `-secret` may be either.
 */
function wholeArns(secret: Value): readonly Value[] {
  if (typeof secret !== 'string' || /-(?=[A-Za-z0-9]{6}$)[A-Za-z0-9]*[A-Z0-9]/.test(secret)) return [secret]
  return [secret, `${secret}-??????`]
}

/** Any key of a secret's account and region. */
function keysBeside(secret: Value): Value {
  const [, partition, , region, account] = typeof secret === 'string' ? secret.split(':') : []
  if (account === undefined) return { 'Fn::Sub': `arn:\${AWS::Partition}:kms:\${AWS::Region}:\${AWS::AccountId}:key/*` }
  return `arn:${partition}:kms:${region}:${account}:key/*`
}

/** A VPC connection is a way into a cluster of another account. */
const isConnection = (cluster: Value): boolean => typeof cluster === 'string' && cluster.includes(':vpc-connection/')

function clusterStatements(cluster: Value, scram: boolean): readonly Statement[] {
  if (isConnection(cluster)) return allow('kafka', ['DescribeVpcConnection'], [cluster])
  const actions = ['DescribeClusterV2', 'GetBootstrapBrokers', ...(scram ? ['ListScramSecrets'] : [])]
  return allow('kafka', actions, [cluster])
}

function usesScram(mapping: Resource | undefined): boolean {
  const given = (mapping?.Properties?.SourceAccessConfigurations ?? []) as readonly { readonly Type?: string }[]
  return given.some(({ Type }) => Type === 'SASL_SCRAM_512_AUTH')
}

/** What a member of the group does where the role itself signs in to Kafka. */
function kafkaStatements(given: Value, { told }: PlannedMapping, { destination }: MappingAccess): readonly Statement[] {
  const cluster = ownCluster(given)
  return [
    ...allow('kafka-cluster', ['Connect', 'DescribeClusterDynamicConfiguration'], [cluster]),
    ...allow('kafka-cluster', ['DescribeGroup', 'AlterGroup'], [within(cluster, 'group', told.group)]),
    ...allow('kafka-cluster', ['DescribeTopic', 'ReadData'], [within(cluster, 'topic', told.topic)]),
    ...(destination?.kind === 'kafka'
      ? allow('kafka-cluster', ['DescribeTopic', 'WriteData'], [within(cluster, 'topic', destination.topic)])
      : []),
  ]
}

/** The cluster that a VPC connection leads to: it tells account and name, but not the id that MSK has given the cluster. */
function ownCluster(cluster: Value): Value {
  if (typeof cluster !== 'string' || !isConnection(cluster)) return cluster
  const [, partition, , region, , path = ''] = cluster.split(':')
  const [, account, name] = path.split('/')
  return `arn:${partition}:kafka:${region}:${account}:cluster/${name}/*`
}

/** The ARN of a group or topic is that of its cluster, with another kind, and its name added. */
function within(cluster: Value, kind: 'group' | 'topic', name: Value): Value {
  if (typeof cluster === 'string' && typeof name === 'string') {
    return `${cluster.replace(':cluster/', `:${kind}/`)}/${name}`
  }
  const renamed: Intrinsic = { 'Fn::Join': [`:${kind}/`, { 'Fn::Split': [':cluster/', cluster] }] }
  return { 'Fn::Join': ['/', [renamed, name]] }
}

/** To send what is given up on; a topic is written to with what the mapping reads with. */
export function destinationStatements(destination: Destination): readonly Statement[] {
  switch (destination.kind) {
    case 'sqs':
      return allow('sqs', ['SendMessage'], [destination.arn])
    case 'sns':
      return allow('sns', ['Publish'], [destination.arn])
    case 's3':
      return [
        ...allow('s3', ['ListBucket'], [destination.arn]),
        ...allow('s3', ['PutObject'], [{ 'Fn::Join': ['/', [destination.arn, '*']] }]),
      ]
    default:
      return []
  }
}

/** AWS recommends no narrower resource for GetSchemaVersion: a record names the id of a version, not the schema. */
function glueStatements(registry: Value): readonly Statement[] {
  return [...allow('glue', ['GetRegistry'], [registry]), ...allow('glue', ['GetSchemaVersion'], ['*'])]
}

function tokenStatements(audiences: readonly Value[]): readonly Statement[] {
  if (audiences.length === 0) return []
  const name = 'sts:IdentityTokenAudience'
  // "For all values" alone holds where there is none.
  const condition = { 'ForAllValues:StringEquals': { [name]: audiences }, Null: { [name]: 'false' } }
  return allow('sts', ['GetWebIdentityToken'], ['*'], condition)
}
