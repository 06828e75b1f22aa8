import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { captureLogs } from '../../function/logs.fixture.js'
import { kafkaFunction, retry, text } from '../../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../../testing/index.js'

captureLogs()
let deployment: TestDeployment
let effects: string[]
beforeEach(async () => {
  deployment = await testDeployment({ topic: 'orders' })
  effects = []
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await deployment.stop()
})

/** What an environment of this version runs: it has a memory of its own, and the tables of the stack. */
function versionOf(version: string, fails: (value: string | null) => boolean) {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_VERSION', version)
  const handler = kafkaFunction(
    { value: text(), order: 'none', retry: { intervalMs: 0 } },
    ({ value }, { attempt }) => {
      if (fails(value)) return retry(`version ${version} cannot`)
      effects.push(`${value} by ${version}, attempt ${attempt}`)
      return undefined
    },
  )
  return (from: number, values: readonly string[]) => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_VERSION', version)
    return invoke(
      handler,
      kafkaEvent({ topic: 'orders', records: values.map((value, i) => ({ value, offset: from + i })) }),
    )
  }
}

const reported = (response: Awaited<ReturnType<ReturnType<typeof versionOf>>>): number[] =>
  response.batchItemFailures.map(({ itemIdentifier: { offset } }) => offset)

describe('A rollback', () => {
  it('goes on in the same ledger: what the version before has settled has no effect twice, what it failed is tried', async () => {
    const one = versionOf('1', () => false)
    expect(reported(await one(0, ['a', 'b']))).toEqual([])
    const two = versionOf('2', (value) => value === 'd')
    // Lambda brings again what it had not committed.
    expect(reported(await two(0, ['a', 'b', 'c', 'd', 'e']))).toEqual([3])
    const back = versionOf('1', () => false)
    expect(reported(await back(0, ['a', 'b', 'c', 'd', 'e', 'f']))).toEqual([])
    expect(effects).toEqual([
      ...['a by 1, attempt 1', 'b by 1, attempt 1', 'c by 2, attempt 1', 'e by 2, attempt 1'],
      // The attempt that version 2 has spent counts.
      ...['d by 1, attempt 2', 'f by 1, attempt 1'],
    ])
  })

  it('leaves environments of both versions side by side in the same ledger, as a weighted alias has them', async () => {
    const one = versionOf('1', () => false)
    const two = versionOf('2', () => false)
    await one(0, ['a', 'b'])
    await two(1, ['b', 'c'])
    // The environment of version 1 remembers a ledger that version 2 has written to since.
    await one(2, ['c', 'd'])
    await two(0, ['a', 'b', 'c', 'd'])
    expect(effects).toEqual(['a by 1', 'b by 1', 'c by 2', 'd by 1'].map((one) => `${one}, attempt 1`))
  })
})
