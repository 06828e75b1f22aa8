import { readDeployment } from '../lib/deployment/index.js'
import { MillraceError } from '../lib/errors.js'
import type { MappingConfig } from '../lib/local/esm/index.js'
import type { FunctionConfig, Service } from '../lib/local/template/index.js'
import type { EffectTables } from './faults/index.js'

/** What of the service the main job drives and looks at. */
export interface Target {
  readonly fn: FunctionConfig
  readonly mapping: MappingConfig
  readonly tables: EffectTables & { readonly failures: string }
}

/** The orders function with its mapping and tables, as the compiled template has them. @throws MillraceError `ML_LOCAL_TEMPLATE` */
export function targetOf(service: Service): Target {
  const fn = service.functions.find(({ environment }) => environment.ORDERS_TABLE !== undefined)
  const mapping = service.mappings.find(({ functionName }) => functionName === fn?.name)
  const { ORDERS_TABLE: orders, BALANCES_TABLE: balances } = fn?.environment ?? {}
  if (fn === undefined || mapping === undefined || orders === undefined || balances === undefined) {
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      'the compiled template has no function with a Kafka mapping, an ORDERS_TABLE and a BALANCES_TABLE; the main job needs the one in functions/orders, as serverless.yml declares it',
    )
  }
  const { ledgerTable: ledger, failuresTable: failures } = readDeployment(fn.environment)
  return { fn, mapping, tables: { ledger, failures, orders, balances } }
}
