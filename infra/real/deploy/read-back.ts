import { deepEqual } from 'node:assert/strict'
import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { readDeployment } from '../../../lib/deployment/index.js'
import { mappingOf } from '../../events/index.js'
import type { Check } from './checks.js'
import type { Clients } from './clients.js'
import { differences } from './differences.js'
import { readers } from './readers.js'
import { ofType, readStack, resolve, type Stack } from './stack.js'

/** What moto 5.2.5 makes nothing of, and who makes it. */
const unknownToMoto: Readonly<Record<string, string>> = {
  'AWS::S3::BucketPolicy': 'osls, for its bucket',
}

/** Of a function these are in the template only, and of a mapping or a table moto does not answer them. */
const notAnswered = ['Code', 'Tags']

/** Compares everything in the stack with the template, each resource as AWS's own clients read it. */
export async function checkReadBack(when: string, stackName: string, clients: Clients, check: Check): Promise<void> {
  const stack = await readStack(stackName, clients)
  await check(`${when}: every resource of the template is in the stack`, () => {
    const missing = Object.entries(stack.resources).filter(
      ([id, { Type }]) => !(id in stack.physical) && !(Type in unknownToMoto),
    )
    deepEqual(missing, [])
  })
  for (const [type, read] of Object.entries(readers)) {
    const all = ofType(stack, type)
    if (all.length === 0) continue
    await check(`${when}: ${all.length} of ${type} are read back as the template says`, async () => {
      const found = all.map(async ([id, { Properties = {} }, physical]) => {
        const wanted = Object.entries(Properties).filter(([name]) => !notAnswered.includes(name))
        return differences(resolve(Object.fromEntries(wanted), stack), await read(physical, clients), id)
      })
      deepEqual((await Promise.all(found)).flat(), [])
    })
  }
  await check(`${when}: each function is told in its environment what its mappings are`, () =>
    checkTold(stack, clients),
  )
}

/** What a function reads in its environment is what Lambda has, field by field. */
async function checkTold(stack: Stack, { lambda }: Clients): Promise<void> {
  const functions = ofType(stack, 'AWS::Lambda::Function')
  for (const [id, { Properties = {} }, FunctionName] of functions) {
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
