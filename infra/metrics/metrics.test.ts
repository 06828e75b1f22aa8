import { expect, it } from 'vitest'
import { addAlarms } from '../alarms/index.js'
import { addDashboard } from '../dashboard/index.js'
import { planOf } from '../plan.fixture.js'
import { functionMetrics, mappingMetrics, tableMetrics } from './index.js'
import { provokedMetrics } from './provoked.fixture.js'
import { shownMetrics } from './shown.fixture.js'

/** Metrics with their dimensions, of a namespace. */
const namesOf = (metrics: readonly { name: string; dimensions: string }[]) =>
  [...new Set(metrics.map(({ name, dimensions }) => `${name} by ${dimensions}`))].sort()

function shown() {
  const onDemand = planOf({ orders: ['orders'] }, { partialResponses: false })
  const provisioned = planOf({ orders: ['orders'] }, { alarms: { latency: { p99Ms: 1 } } })
  return [onDemand, provisioned].flatMap(({ plan }) => {
    addDashboard(plan, addAlarms(plan))
    return shownMetrics(plan.resources)
  })
}

it('Every metric of AWS that is shown is one that AWS documents, by its dimension, and each of those is shown', () => {
  const documented = (names: readonly string[], dimensions: string) => names.map((name) => ({ name, dimensions }))
  const known = {
    'AWS/Lambda': [
      ...documented(functionMetrics, 'FunctionName'),
      ...documented(Object.keys(mappingMetrics), 'EventSourceMappingUUID'),
    ],
    'AWS/DynamoDB': documented(tableMetrics, 'TableName'),
  }
  for (const [namespace, metrics] of Object.entries(known)) {
    expect(namesOf(shown().filter((one) => one.namespace === namespace))).toEqual(namesOf(metrics))
  }
  expect(new Set(shown().map(({ namespace }) => namespace))).toEqual(new Set([...Object.keys(known), 'millrace']))
})

it('Every metric of the framework that is shown is one that functions really publish, and each of those is shown', async () => {
  const published = Object.entries(await provokedMetrics()).flatMap(([name, sets]) =>
    sets.map((dimensions) => ({ name, dimensions })),
  )
  expect(namesOf(shown().filter(({ namespace }) => namespace === 'millrace'))).toEqual(namesOf(published))
})
