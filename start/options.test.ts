import { describe, expect, it } from 'vitest'
import { readStartOptions } from './options.js'

describe("the main job's command line", () => {
  it('takes nothing, --json, --break, --orders and --lease-ms', () => {
    expect(readStartOptions([])).toEqual({
      json: false,
      break: undefined,
      orders: 20_000,
      leaseMs: 10_000,
      packaged: false,
    })
    expect(
      readStartOptions(['--json', '--break', 'ledger', '--orders', '1000', '--lease-ms', '2000', '--packaged']),
    ).toEqual({
      json: true,
      break: 'ledger',
      orders: 1000,
      leaseMs: 2000,
      packaged: true,
    })
  })

  it.each([
    ['--break', 'all'],
    ['--orders', '12'],
    ['--orders', 'many'],
    ['--jsno'],
    ['more'],
  ])('refuses %s %s', (...args) => {
    expect(() => readStartOptions(args.filter((arg) => arg !== undefined))).toThrow(/ML_USAGE: .*npm start -- /)
  })
})
