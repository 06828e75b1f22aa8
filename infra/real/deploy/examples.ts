import { deepEqual } from 'node:assert/strict'
import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import type { Check } from '../checklist.js'
import { succeeded } from '../program.js'
import { differences } from './differences.js'
import type { Life } from './life.js'
import type { Packaging } from './packaged.js'
import { readBack } from './read-back.js'

const always = { State: 'Enabled', FunctionResponseTypes: ['ReportBatchItemFailures'] }

/** What each example is there to show, as Lambda has it. */
const shown: Readonly<Record<string, { readonly stack: string; readonly mapping: object }>> = {
  'msk-provisioned': {
    stack: 'orders-on-msk-dev',
    mapping: managed('orders', [{ Type: 'SASL_SCRAM_512_AUTH' }]),
  },
  'msk-serverless-iam': { stack: 'clicks-on-msk-dev', mapping: managed('clicks') },
  'self-managed-scram': { stack: 'payments-dev', mapping: ownCluster('payments', [{ Type: 'SASL_SCRAM_512_AUTH' }]) },
  'self-managed-mtls': {
    stack: 'shipments-dev',
    mapping: ownCluster('shipments', [{ Type: 'CLIENT_CERTIFICATE_TLS_AUTH' }, { Type: 'SERVER_ROOT_CA_CERTIFICATE' }]),
  },
  'self-managed-open': {
    stack: 'readings-dev',
    mapping: ownCluster('readings', [{ Type: 'VPC_SUBNET' }, { Type: 'VPC_SUBNET' }, { Type: 'VPC_SECURITY_GROUP' }]),
  },
}

function managed(topic: string, SourceAccessConfigurations?: readonly object[]): object {
  return { Topics: [topic], ...always, ...(SourceAccessConfigurations && { SourceAccessConfigurations }) }
}

function ownCluster(topic: string, SourceAccessConfigurations: readonly object[]): object {
  return { Topics: [topic], ...always, SourceAccessConfigurations }
}

/** An example deployed from its package, as a pipeline does it, and read back. */
export function example({ about: name, service }: Packaging, life: Life): readonly Check[] {
  const { stack = '', mapping } = shown[name] ?? {}
  const lambda = life.clients.lambda
  return [
    {
      name: `${name}: deploys from its package`,
      async run() {
        const { folder } = await service()
        succeeded(await life.serverless(folder, 'deploy', '--package', '.serverless'))
      },
    },
    {
      name: `${name}: its mapping is what it is to show`,
      async run() {
        const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand())
        const own = EventSourceMappings.filter(({ FunctionArn }) => FunctionArn?.includes(`:function:${stack}-`))
        deepEqual(differences([mapping], own), [])
      },
    },
    ...readBack(name, stack, life.clients, []),
  ]
}
