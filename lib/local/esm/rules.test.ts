import { expect, it } from 'vitest'
import { config, ok } from './mapping.fixture.js'
import { deliveryOf } from './rules.js'
import { readSwitches } from './switches.js'

it.each([
  ['doubling', [100, 200, 400, 3200, 5000, 5000]],
  ['none', [0, 0, 0, 0, 0, 0]],
] as const)('the wait before a retry is %s, as the switch says', (retryBackoff, waits) => {
  const options = { brokers: [], invoke: async () => ok(), switches: readSwitches({ retryBackoff }) }
  const { backoffMs } = deliveryOf(config(), options, () => undefined, [])
  expect([1, 2, 3, 6, 7, 5000].map(backoffMs)).toEqual(waits)
})
