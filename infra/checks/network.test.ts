import { describe, expect, it } from 'vitest'
import { codesOf, findingOf } from './subject.fixture.js'

const brokers = (...KafkaBootstrapServers: unknown[]) => ({
  SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers } },
})
const access = (...types: string[]) => ({ SourceAccessConfigurations: types.map((Type) => ({ Type, URI: 'x' })) })

it('A function whose log is off has no metrics, and its alarms nothing to go by', async () => {
  expect(await findingOf({ declared: { disableLogs: true } })).toMatch(/^ML_CHECK_LOGS: .*Take disableLogs out/)
  expect(await codesOf({ declared: { disableLogs: true, logs: { logGroup: '/shop' } } })).toEqual([])
  expect(await codesOf({ declared: { disableLogs: true }, settings: { checks: { ML_CHECK_LOGS: 'off' } } })).toEqual([])
})

describe('Brokers', () => {
  it.each([
    'b1.example.com:9092',
    '52.1.2.3:9092',
    '[2a05:d018::1]:9092',
    '172.32.0.1:9092',
    'local.example:9092',
  ])('%s are reached from everywhere', async (broker) => {
    expect(await codesOf({ mapping: brokers(broker), isDeployed: true })).toEqual([])
  })

  it.each([
    '10.0.0.1:9092',
    '172.16.0.1:9092',
    '192.168.1.1:9092',
    '[fd00::1]:9092',
    'kafka:9092',
    'b1.kafka.internal:9092',
    'b.local',
  ])('%s are reached from a VPC only', async (broker) => {
    const mapping = brokers('b1.example.com:9092', broker)
    expect(await findingOf({ mapping })).toMatch(
      /^ML_CHECK_VPC: its broker .* inside a network.*\. Add vpcSubnet and vpcSecurityGroup to its accessConfigurations$/,
    )
    expect(await codesOf({ mapping: { ...mapping, ...access('VPC_SUBNET', 'VPC_SECURITY_GROUP') } })).toEqual([])
  })

  it('of Amazon MSK bring their VPC', async () => {
    expect(await codesOf({ type: 'msk', mapping: { SelfManagedEventSource: undefined } })).toEqual([])
  })

  it('that only the deployment knows are let be', async () => {
    expect(await codesOf({ mapping: brokers({ Ref: 'Brokers' }) })).toEqual([])
  })

  it.each([
    '127.0.0.1:9092',
    'localhost:9092',
    '[::1]:9092',
  ])('%s may be packaged, and not deployed', async (broker) => {
    expect(await codesOf({ mapping: brokers(broker) })).toEqual([])
    expect(await findingOf({ mapping: brokers(broker), isDeployed: true })).toMatch(/^ML_CHECK_LOOPBACK: /)
  })
})
