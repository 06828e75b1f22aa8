import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../local/esm/index.js'
import { accountant } from './index.js'

const record = (offset: number) => ({
  topic: 'orders',
  partition: 0,
  offset,
  timestamp: 1,
  timestampType: 'CREATE_TIME',
})

function attempt(offsets: readonly number[], outcome: Pick<Attempt, 'decision'> & { kind?: 'ok' | 'crash' }): Attempt {
  const { kind = 'ok', decision } = outcome
  return {
    mapping: 'M',
    batch: 1,
    attempt: 1,
    poller: 'M/1',
    redelivered: false,
    event: { records: { 'orders-0': offsets.map(record) } } as unknown as Attempt['event'],
    result: { kind } as Attempt['result'],
    decision,
  }
}

const settled = { decision: { kind: 'settled' } } as const

describe('the account of a mapping', () => {
  it('is settled record by record: what is reported is not, until a later answer leaves it out', () => {
    const accounts = accountant()
    const failures = new Map([['orders-0', new Set([1])]])
    accounts.onBatch(attempt([0, 1, 2], { decision: { kind: 'partial', failures } }))
    expect(accounts.account).toMatchObject({ delivered: 3, settled: 2, reported: 1, unsettled: ['orders:0:1'] })
    accounts.onBatch(attempt([1, 2], settled))
    expect(accounts.account).toMatchObject({ deliveries: 5, delivered: 3, settled: 3, unsettled: [] })
  })

  it('settles nothing by a crash, and unsettles nothing either', () => {
    const accounts = accountant()
    const crash = {
      kind: 'crash',
      decision: { kind: 'failed', reason: 'crash: SIGKILL', functionError: true },
    } as const
    accounts.onBatch(attempt([0, 1], crash))
    expect(accounts.account.unsettled).toEqual(['orders:0:0', 'orders:0:1'])
    accounts.onBatch(attempt([0, 1], settled))
    accounts.onBatch(attempt([0, 1], crash))
    expect(accounts.account).toMatchObject({ unsettled: [], violations: [], invocations: { ok: 1, crash: 2 } })
  })

  it('takes an answer that fails the batch for a violation, and a batch that was not reached for no delivery', () => {
    const accounts = accountant()
    accounts.onBatch(
      attempt([0], {
        decision: { kind: 'failed', reason: 'orders-0 offset 9 was not in the event', functionError: false },
      }),
    )
    accounts.onBatch(attempt([1], { decision: { kind: 'unreached', reason: 'throttled' } }))
    expect(accounts.account).toMatchObject({
      delivered: 1,
      violations: ['M: orders-0 offset 9 was not in the event'],
      invocations: { ok: 1, unreached: 1 },
    })
  })

  it('tells the records of a recreated topic from those of the one before', () => {
    const accounts = accountant()
    accounts.onBatch(attempt([0], settled))
    accounts.recreated('orders')
    accounts.onBatch(attempt([0], { decision: { kind: 'partial', failures: new Map([['orders-0', new Set([0])]]) } }))
    expect(accounts.account).toMatchObject({ delivered: 2, settled: 1, unsettled: ['orders:0:0'] })
  })
})
