import type { EventSettings, Value } from './settings.js'

/** What stands behind a name of `accessConfigurations`: a secret's ARN, some other text, or nothing but the name. */
interface Access {
  readonly type: string
  readonly holds: 'secret' | 'text' | 'nothing'
  readonly prefix?: string
}

/** Each name of `accessConfigurations`, and how Lambda calls it (`SourceAccessConfiguration.Type`, KAFKA-ESM §5). */
export const accessNames = {
  vpcSubnet: { type: 'VPC_SUBNET', holds: 'text', prefix: 'subnet:' },
  vpcSecurityGroup: { type: 'VPC_SECURITY_GROUP', holds: 'text', prefix: 'security_group:' },
  saslPlainAuth: { type: 'BASIC_AUTH', holds: 'secret' },
  saslScram256Auth: { type: 'SASL_SCRAM_256_AUTH', holds: 'secret' },
  saslScram512Auth: { type: 'SASL_SCRAM_512_AUTH', holds: 'secret' },
  clientCertificateTlsAuth: { type: 'CLIENT_CERTIFICATE_TLS_AUTH', holds: 'secret' },
  serverRootCaCertificate: { type: 'SERVER_ROOT_CA_CERTIFICATE', holds: 'secret' },
  iamAuth: { type: 'IAM_AUTH', holds: 'nothing' },
  iamOauthbearerAuth: { type: 'IAM_OAUTHBEARER_AUTH', holds: 'nothing' },
  oauthbearerAuth: { type: 'OAUTHBEARER_AUTH', holds: 'secret' },
  oauthbearerScope: { type: 'OAUTHBEARER_SCOPE', holds: 'text' },
  oauthbearerAudience: { type: 'OAUTHBEARER_AUDIENCE', holds: 'text' },
  oauthbearerLogicalCluster: { type: 'OAUTHBEARER_LOGICAL_CLUSTER', holds: 'text' },
  oauthbearerIdentityPool: { type: 'OAUTHBEARER_IDENTITY_POOL', holds: 'text' },
} as const satisfies Record<string, Access>

export type AccessName = keyof typeof accessNames

/** One value, several, or `true` for what has none (`iamAuth`). */
export type AccessSettings = { readonly [name in AccessName]?: Value | readonly Value[] | boolean }

/** One entry of `accessConfigurations`. */
export interface Given {
  readonly name: AccessName
  /** Absent for what has none. */
  readonly value?: Value
}

/** All that a mapping is given for access to its cluster, one entry for each value. */
export function givenAccess({ saslScram512, accessConfigurations = {} }: EventSettings): readonly Given[] {
  const short: Given[] = saslScram512 === undefined ? [] : [{ name: 'saslScram512Auth', value: saslScram512 }]
  const given = (Object.keys(accessConfigurations) as AccessName[]).flatMap((name): Given[] => {
    const values = accessConfigurations[name]
    if (typeof values === 'boolean') return values ? [{ name }] : []
    return [values ?? []].flat().map((value) => ({ name, value }))
  })
  return [...short, ...given]
}

/** The mapping's `SourceAccessConfigurations`. */
export function sourceAccess(settings: EventSettings): readonly object[] {
  return givenAccess(settings).map(({ name, value }) => {
    const { type, prefix }: Access = accessNames[name]
    if (value === undefined) return { Type: type }
    return { Type: type, URI: prefix === undefined ? value : prefixed(prefix, value) }
  })
}

function prefixed(prefix: string, value: Value): Value {
  return typeof value === 'string' ? prefix + value : { 'Fn::Join': ['', [prefix, value]] }
}

/** The secrets that Lambda reads to enter the cluster. */
export function accessSecrets(settings: EventSettings): readonly Value[] {
  return givenAccess(settings).flatMap(({ name, value }) =>
    accessNames[name].holds === 'secret' && value !== undefined ? [value] : [],
  )
}
