import { type AccessName, accessNames, givenAccess } from './authentication.js'
import { refused } from './refused.js'
import type { EventSettings } from './settings.js'

/** Ways to sign in; a connection takes one. Certificates may go with any. */
const ways: readonly AccessName[] = [
  'saslPlainAuth',
  'saslScram256Auth',
  'saslScram512Auth',
  'iamAuth',
  'iamOauthbearerAuth',
  'oauthbearerAuth',
]

/** What each of these goes with (KAFKA-ESM §5 and the API reference of `SourceAccessConfiguration`). */
const companions: Partial<Record<AccessName, readonly AccessName[]>> = {
  vpcSubnet: ['vpcSecurityGroup'],
  vpcSecurityGroup: ['vpcSubnet'],
  iamOauthbearerAuth: ['oauthbearerAudience'],
  oauthbearerAudience: ['oauthbearerAuth', 'iamOauthbearerAuth'],
  oauthbearerScope: ['oauthbearerAuth'],
  oauthbearerLogicalCluster: ['oauthbearerAuth'],
  oauthbearerIdentityPool: ['oauthbearerAuth'],
}

/** Lambda's limit (KAFKA-ESM §5). */
const most = 22

/** Refuses combinations of `accessConfigurations` that Lambda does not know. */
export function checkAuthentication(settings: EventSettings, where: string): void {
  const given = givenAccess(settings)
  const names = new Set(given.map(({ name }) => name))
  if (given.length > most) {
    throw refused(`${where}: accessConfigurations has ${given.length} values; Lambda takes ${most}`)
  }
  const used = given.flatMap(({ name }) => (ways.includes(name) ? [name] : []))
  if (used.length > 1) {
    throw refused(`${where}: accessConfigurations signs in by ${used.join(' and ')}; a connection takes one of them`)
  }
  for (const name of names) {
    const needed = companions[name]
    if (needed === undefined || needed.some((one) => names.has(one))) continue
    const type = accessNames[name].type
    throw refused(`${where}: accessConfigurations has ${name} (${type}) without ${needed.join(' or ')}; add it`)
  }
}
