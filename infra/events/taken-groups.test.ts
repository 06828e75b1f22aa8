import { describe, expect, it } from 'vitest'
import type { Naming } from '../serverless.js'
import type { DeclaredMapping } from './mappings.js'
import { makeLogicalIdsUnique } from './naming.js'
import { refuseTakenGroups } from './taken-groups.js'

const brokers = ['b1:9092', 'b2:9092']

/** A mapping as it is compiled, under the logical id that the plugin gives it. */
function template(topic: string, group: string, { fn = 'orders', servers = brokers, more = {} } = {}) {
  const naming = {
    getKafkaEventLogicalId: (name: string, read: string) => `${name}Mapping${read.replace(/\W/g, '')}`,
    getMSKEventLogicalId: (name: string, cluster: string, read: string) => `${name}Mapping${cluster}${read}`,
  } as Naming
  const mapping = { functionName: fn, settings: { topic }, told: { group } } as DeclaredMapping
  makeLogicalIdsUnique(naming, [mapping])
  const Properties = {
    Topics: [topic],
    StartingPosition: 'TRIM_HORIZON',
    SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: servers } },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
    ...more,
  }
  return { [naming.getKafkaEventLogicalId(fn, topic)]: { Type: 'AWS::Lambda::EventSourceMapping', Properties } }
}

function refusal(...[deployed, planned]: Parameters<typeof refuseTakenGroups>): string {
  try {
    refuseTakenGroups(deployed, planned)
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

describe('A topic that is renamed (serverless #12377)', () => {
  it('makes another mapping, because CloudFormation cannot give one another topic; a rename in punctuation, too', () => {
    const ids = ['a.b', 'a-b', 'a_b', 'ab'].map((topic) => Object.keys(template(topic, 'orders'))[0])
    expect(new Set(ids).size).toBe(4)
  })

  it('is deployed with another group, which loses nothing', () => {
    expect(refusal(template('orders-v1', 'orders'), template('orders-v2', 'orders-v2'))).toBe('')
  })

  it('is refused with the same group before anything is changed: Lambda would, half-way', () => {
    expect(refusal(template('orders-v1', 'orders'), template('orders-v2', 'orders'))).toMatch(
      /^ML_GROUP_TAKEN: mapping ordersMappingordersv2\w{8} of topic orders-v2 is to read as group "orders", which .* of topic orders-v1 still has; .* Give the event another consumerGroupId/,
    )
  })

  it('is refused on MSK, too', () => {
    const msk = (topic: string) =>
      template(topic, 'orders', {
        more: {
          EventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/6a7b-1',
          SelfManagedKafkaEventSourceConfig: undefined,
          AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'orders' },
        },
      })
    expect(refusal(msk('orders-v1'), msk('orders-v2'))).toMatch(/^ML_GROUP_TAKEN/)
  })
})

describe('A deployment that keeps a group', () => {
  const deployed = template('orders', 'orders')

  it('goes on where nothing that identifies the mapping has changed, or its brokers have', () => {
    const changed = template('orders', 'orders', { servers: [...brokers].reverse(), more: { BatchSize: 7 } })
    expect(refusal(deployed, changed)).toBe('')
    expect(refusal(deployed, template('orders', 'orders', { servers: ['c1:9092'] }))).toBe('')
    expect(refusal({}, deployed)).toBe('')
  })

  it('is refused where the function has another name; the way out keeps offsets and ledger', () => {
    expect(refusal(deployed, template('orders', 'orders', { fn: 'sales' }))).toMatch(
      /Keep the consumerGroupId, and deploy once without the event and then again with it: offsets and ledger stay/,
    )
  })

  it('is refused where it is to start elsewhere, which makes a new mapping', () => {
    const later = template('orders', 'orders', { more: { StartingPosition: 'LATEST' } })
    expect(refusal(deployed, later)).toMatch(/Lambda ignores a startingPosition where the group has committed offsets/)
  })
})

describe('A logical id', () => {
  it('changes with the group, which Lambda cannot change in place', () => {
    expect(Object.keys(template('orders', 'orders'))).not.toEqual(Object.keys(template('orders', 'others')))
    expect(Object.keys(template('orders', 'orders'))).toEqual(Object.keys(template('orders', 'orders')))
  })
})
