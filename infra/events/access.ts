import type { Resource } from '../serverless.js'
import { accessSecrets, givenAccess } from './authentication.js'
import { type Destination, destinationOf } from './destination.js'
import type { DeclaredMapping } from './mappings.js'
import type { Value } from './settings.js'

/** What Lambda touches in the name of a mapping, and the function's role has to allow. */
export interface MappingAccess {
  /** Those of the cluster and those of the schema registry, each once: `secretsmanager:GetSecretValue`. */
  readonly secrets: readonly Value[]
  readonly destination?: Destination
  /** The MSK cluster or VPC connection, of an `msk` event. */
  readonly cluster?: Value
  readonly registry?: Registry
  /** Lambda makes network interfaces: `ec2:…NetworkInterface` and the like. Of MSK always. */
  readonly vpc: boolean
  /** The role itself signs in to Kafka: `kafka-cluster:…`. On MSK that is the way where no secret is named. */
  readonly iamAuth: boolean
  /** The role asks for web identity tokens (`IAM_OAUTHBEARER_AUTH`): `sts:GetWebIdentityToken`, for these audiences. */
  readonly tokenAudiences: readonly Value[]
  /** Encrypts the mapping's filters: `kms:Decrypt`. */
  readonly key?: Value
}

/** A Glue registry is read with the role (`glue:GetRegistry`, `glue:GetSchemaVersion`), a Confluent one with its secrets. */
export interface Registry {
  readonly kind: 'glue' | 'confluent'
  /** The ARN, or the URL. */
  readonly uri: Value
}

/**
 * What a mapping needs beyond invoking its function. Pure; order and duplicates of serverless.yml do not matter.
 *
 * @param resources by logical id, so that a destination by reference is known for what it is: those of the template and those under `resources`
 */
export function accessOf(
  { type, settings }: Pick<DeclaredMapping, 'type' | 'settings'>,
  resources: Readonly<Record<string, Resource>> = {},
): MappingAccess {
  const names = givenAccess(settings).map(({ name }) => name)
  const { schemaRegistryConfig, onFailureDestination, arn, kmsKeyArn } = settings
  const secrets = [...accessSecrets(settings), ...(schemaRegistryConfig?.accessConfigs ?? []).map(({ uri }) => uri)]
  const tokens = givenAccess(settings).flatMap(({ name, value }) =>
    name === 'oauthbearerAudience' && value !== undefined ? [value] : [],
  )
  return {
    secrets: distinct(secrets),
    ...(onFailureDestination && { destination: destinationOf(onFailureDestination, resources) }),
    ...(arn !== undefined && { cluster: arn }),
    ...(schemaRegistryConfig && { registry: registryOf(schemaRegistryConfig.schemaRegistryURI) }),
    vpc: type === 'msk' || names.includes('vpcSubnet'),
    iamAuth: type === 'msk' ? names.length === 0 : names.includes('iamAuth'),
    tokenAudiences: names.includes('iamOauthbearerAuth') ? tokens : [],
    ...(kmsKeyArn !== undefined && { key: kmsKeyArn }),
  }
}

/** Confluent's is reached by URL; whatever else, also by reference, is an ARN. */
function registryOf(uri: Value): Registry {
  const isUrl = typeof uri === 'string' && /^https?:/.test(uri)
  return { kind: isUrl ? 'confluent' : 'glue', uri }
}

function distinct(values: readonly Value[]): readonly Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
