import { deepEqual, equal } from 'node:assert/strict'
import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { readDeployment } from '../../../lib/deployment/index.js'
import { mappingOf } from '../../events/index.js'
import type { Check } from '../checklist.js'
import type { Clients } from './clients.js'
import { differences } from './differences.js'
import { readers } from './readers.js'
import { ofType, readStack, resolve, type Stack } from './stack.js'

/** What moto 5.2.5 makes nothing of, and who makes it. */
const unknownToMoto: Readonly<Record<string, string>> = {
  'AWS::S3::BucketPolicy': 'osls, for its bucket',
}

/** Of a function it is in the template only; of a mapping moto answers no tags, which are read by another call. */
const notAnswered = ['Code', 'Tags']

/**
 * Everything in the stack is what the template says, each resource as AWS's own clients read it.
 *
 * @param absent of which types the template has none, and of all others at least one
 */
export function readBack(
  when: string,
  stackName: string,
  clients: Clients,
  absent: readonly string[],
): readonly Check[] {
  return [
    {
      name: `${when}: every resource of the template is in the stack`,
      async run() {
        const { resources, physical } = await readStack(stackName, clients)
        const missing = Object.entries(resources).filter(([id, { Type }]) => !(id in physical || Type in unknownToMoto))
        deepEqual(missing, [])
        return `${Object.keys(resources).length} resources`
      },
    },
    ...Object.entries(readers).map(([type, read]) => ({
      name: `${when}: each ${type} is read back as the template says`,
      async run() {
        const stack = await readStack(stackName, clients)
        const all = ofType(stack, type)
        equal(all.length > 0, !absent.includes(type), `the template has ${all.length}`)
        const found = all.map(async ([id, { Properties = {} }, physical]) => {
          const wanted = Object.entries(Properties).filter(([name]) => !notAnswered.includes(name))
          return differences(resolve(Object.fromEntries(wanted), stack), await read(physical, clients), id)
        })
        deepEqual((await Promise.all(found)).flat(), [])
        return `${all.length}`
      },
    })),
    {
      name: `${when}: each function is told in its environment what its mappings are`,
      run: async () => checkTold(await readStack(stackName, clients), clients),
    },
  ]
}

/** What a function reads in its environment is what Lambda has, field by field. */
async function checkTold(stack: Stack, { lambda }: Clients): Promise<void> {
  for (const [id, { Properties = {} }, FunctionName] of ofType(stack, 'AWS::Lambda::Function')) {
    const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }))
    if (EventSourceMappings.length === 0) continue
    const { Variables } = resolve(Properties.Environment, stack) as { Variables: Record<string, string> }
    const deployed = EventSourceMappings.map((mapping) =>
      // Without what the client has as undefined.
      mappingOf(mapping.EventSourceArn ? 'msk' : 'kafka', JSON.parse(JSON.stringify(mapping))),
    )
    deepEqual(deployed.sort(byTopic), [...readDeployment(Variables).mappings].sort(byTopic), id)
  }
}

const byTopic = (a: { topic: string }, b: { topic: string }) => (a.topic < b.topic ? -1 : 1)
