import type { DeclaredMapping } from '../events/index.js'
import type { Provider, Service } from '../serverless.js'
import { setLogRetention } from './logs.js'
import { getsOwnRole, roleIdOf } from './roles.js'

/** Tells osls, before it writes roles and log groups, what the functions that read Kafka have of their own. */
export function prepareFunctions(service: Service, provider: Provider, mappings: readonly DeclaredMapping[]): void {
  for (const name of new Set(mappings.map(({ functionName }) => functionName))) {
    const declared = service.functions?.[name]
    if (declared === undefined) continue
    if (getsOwnRole(provider, declared)) declared.role = roleIdOf(provider, name)
    setLogRetention(declared, service)
  }
}
