import type { Service } from '../serverless.js'
import type { AccessName } from './authentication.js'

/**
 * What osls checks: neither without the other. The plugin writes the mapping's own list afterwards; of secrets osls is not told, for it would let
 * every function read them.
 */
const known: readonly AccessName[] = ['vpcSubnet', 'vpcSecurityGroup']

/**
 * Leaves of each `kafka` event what osls compiles: it demands an object of lists, also of a cluster without authentication, and takes each list
 * apart without a look at its name. Done when the mappings are known ({@link declaredMappings}), for these settings are no longer what the person wrote.
 */
export function leaveWhatOslsKnows({ functions = {} }: Service): void {
  for (const event of Object.values(functions).flatMap(({ events = [] }) => events)) {
    if (event.kafka === undefined) continue
    const { accessConfigurations = {} } = event.kafka
    const lists = known.flatMap((name) => {
      const values = [accessConfigurations[name] ?? []].flat()
      return values.length > 0 ? [[name, values] as const] : []
    })
    event.kafka = { ...event.kafka, accessConfigurations: Object.fromEntries(lists) }
  }
}
