import { describe, expect, it } from 'vitest'
import { addAlarms } from '../alarms/index.js'
import { addDashboard } from '../dashboard/index.js'
import { planOf } from '../plan.fixture.js'
import { refuseTooLarge } from './limits.js'

const many = <T>(n: number, one: T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`One${i}`, one]))

describe('A template that CloudFormation would not take is refused:', () => {
  it('one of too many resources, with how many of them are alarms', () => {
    const Resources = { ...many(170, { Type: 'AWS::Lambda::Function' }), Last: { Type: 'AWS::SNS::Topic' } }
    const alarms = Object.fromEntries(
      Array.from({ length: 330 }, (_, i) => [`A${i}`, { Type: 'AWS::CloudWatch::Alarm' }]),
    )
    expect(() => refuseTooLarge({ Resources: { ...Resources, ...alarms } })).toThrow(
      /^ML_TEMPLATE_TOO_LARGE: the template has 501 resources, and CloudFormation takes 500\. 330 of them are alarms: /,
    )
    const { Last: _, ...others } = Resources
    expect(() => refuseTooLarge({ Resources: { ...others, ...alarms } })).not.toThrow()
  })

  it('one of too many outputs', () => {
    expect(() => refuseTooLarge({ Resources: {}, Outputs: many(201, {}) })).toThrow(/has 201 outputs, .* takes 200/)
    expect(() => refuseTooLarge({ Resources: {}, Outputs: many(200, {}) })).not.toThrow()
  })

  it('one that is too long, with how much of it are dashboards', () => {
    const Resources = {
      Dashboard: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: 'ü'.repeat(500_000) } },
    }
    expect(() => refuseTooLarge({ Resources })).toThrow(
      /has 1000\d\d\d? bytes, .* takes 1000000\. 1000\d\d\d? of them are dashboards/,
    )
  })
})

it('A service that fits by its number of resources has alarms and dashboards that fit by their length', () => {
  // A function with one topic has 12 resources: with its version, log, role, mapping and 7 alarms.
  const functions = Array.from({ length: 40 }, (_, i) => [`function${i}`, [`topic-number-${i}`]] as const)
  const { plan } = planOf(Object.fromEntries(functions))
  addDashboard(plan, addAlarms(plan))
  // What remains is for the others: 3 kB of each function.
  expect(JSON.stringify(plan.resources).length).toBeLessThan(850_000)
})
