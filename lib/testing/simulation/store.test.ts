import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conformance, type Subject } from '../../ledger/store/conformance.js'
import { dynamodbStore } from '../../ledger/store/index.js'
import { type TestDeployment, testDeployment } from '../index.js'
import { Choices } from './choices.js'
import { Environment } from './environment.js'
import { Faults } from './faults.js'
import { History, start } from './history.js'
import { storeOf } from './network.js'
import { Scheduler } from './scheduler.js'
import type { Simulation } from './simulation.js'
import { Tables } from './tables.js'
import { drawWorld } from './world.js'

const effects = 'effects'
let deployment: TestDeployment
beforeAll(async () => {
  const table = {
    TableName: effects,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' as const }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
    BillingMode: 'PAY_PER_REQUEST' as const,
  }
  deployment = await testDeployment({ topic: 'none', tables: [table] })
})
afterAll(() => deployment.stop())

const real = (): Subject => ({
  store: dynamodbStore(deployment.client, deployment.ledgerTable),
  effects,
  async effect(id) {
    const { Item } = await deployment.client.send(new GetItemCommand({ TableName: effects, Key: { id: { S: id } } }))
    return Item?.n?.N === undefined ? undefined : Number(Item.n.N)
  },
})

/** The model, reached without faults, on a clock that moves by itself. */
function model(): Subject & { simulation: Simulation } {
  const choices = new Choices({ world: [], log: [], order: [], time: [], fault: [], mapping: [], handler: [] })
  const scheduler = new Scheduler(choices, start)
  const tables = new Tables(() => scheduler.now)
  const history = new History(() => scheduler.now, false)
  const faults = new Faults(choices, 0, 1)
  const simulation = { choices, scheduler, world: drawWorld(choices, false), faults, history, tables }
  const store = storeOf(simulation, new Environment(1, scheduler, choices))
  return { simulation, store, effects, effect: async (id) => tables.counters.get(`${effects} ${id}`) }
}

describe('the simulation’s model of DynamoDB and the real store', () => {
  it.each(conformance)('agree: $name', async (one) => {
    const embedded = await one.run(real(), `c${conformance.indexOf(one)}`)
    expect(embedded.seen).toEqual(embedded.expected)
    const subject = model()
    let modelled: typeof embedded | undefined
    const ended = one.run(subject, 'm').then((result) => {
      modelled = result
    })
    await subject.simulation.scheduler.run(() => modelled !== undefined)
    await ended
    expect(modelled?.seen).toEqual(embedded.expected)
  })
})
