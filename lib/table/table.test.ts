import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { type TestDeployment, testDeployment } from '../testing/index.js'
import { type Item, openTable, type Table, type Write } from './index.js'

let deployment: TestDeployment
let fallback: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
  process.env.MILLRACE_STORE_ENGINE = 'dynalite'
  fallback = await testDeployment({ topic: 'none' })
  delete process.env.MILLRACE_STORE_ENGINE
})
afterAll(async () => {
  await fallback.stop()
  await deployment.stop()
})

const open = ({ client, ledgerTable }: TestDeployment): Table => openTable(client, ledgerTable, systemClock)
const keyOf = (run: number, i: number) => ({ pk: `run${run}#${i}`, sk: 'x' })
async function sortKeys(items: AsyncIterable<Item>): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = []
  for await (const { sk } of items) found.push(sk?.S)
  return found
}
const value = (n: number) => ({ n: { N: String(n) }, s: { S: `s${n}` } })

describe('a table', () => {
  it('makes the same writes in PartiQL batches and as single updates, whatever is there', async () => {
    const tables = [open(deployment), open(fallback)]
    let run = 0
    const round = fc.uniqueArray(fc.record({ key: fc.nat(30), before: fc.nat(3) }), {
      selector: ({ key }) => key,
      minLength: 1,
      maxLength: 31,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
        run++
        for (const one of rounds) {
          const writes = one.map(
            ({ key, before }): Write => ({
              key: keyOf(run, key),
              set: value(before + 1),
              when: before === 0 ? 'absent' : value(before),
            }),
          )
          const [a, b] = await Promise.all(tables.map((table) => table.write(writes)))
          expect(a?.map(({ kind }) => kind)).toEqual(b?.map(({ kind }) => kind))
        }
        const keys = Array.from({ length: 31 }, (_, i) => keyOf(run, i))
        const [a, b] = await Promise.all(tables.map((table) => table.get(keys)))
        expect(a).toEqual(b)
      }),
      { numRuns: 30 },
    )
  })

  it('makes 25 writes in one call, and reads 100 items', async () => {
    const table = open(deployment)
    const keys = Array.from({ length: 1_000 }, (_, i) => keyOf(-1, i))
    const written = await table.write(keys.map((key, i): Write => ({ key, set: value(i), when: 'absent' })))
    expect(written.every(({ kind }) => kind === 'applied')).toBe(true)
    expect(table.usage).toMatchObject({ calls: 40, writeUnits: 1_000 })
    const items = await table.get([...keys, keyOf(-2, 0)])
    expect(items.map((item) => item?.n?.N)).toEqual([...keys.map((_, i) => String(i)), undefined])
    expect(table.usage.calls).toBe(40 + 11)
  })

  it.each([
    'dynoxide',
    'dynalite',
  ] as const)('reads what lies between two sort keys, page by page (%s)', async (engine) => {
    const table = open(engine === 'dynalite' ? fallback : deployment)
    const b = { B: Buffer.alloc(300_000) }
    const sks = ['a', 'k1', 'k2', 'k3', 'k4', 'k5', 'z']
    await table.write(sks.map((sk): Write => ({ key: { pk: 'many', sk }, set: { b }, when: 'absent' })))
    expect(await sortKeys(table.falling('many', 'k2', 'y'))).toEqual(['k5', 'k4', 'k3', 'k2'])
  })

  it.each(['get', 'falling', 'write'] as const)('that does not exist is an error with a code (%s)', async (call) => {
    const table = openTable(deployment.client, 'absent')
    const calls = {
      get: () => table.get([keyOf(0, 0)]),
      falling: () => sortKeys(table.falling('a', 'b', 'c')),
      write: () => table.write([{ key: keyOf(0, 0), set: value(0), when: 'absent' }]),
    }
    await expect(calls[call]()).rejects.toThrow('ML_TABLE_MISSING')
  })

  it('knows a write whose answer was lost from one that was refused, call by call', async () => {
    let calls = 0
    const send = async (command: never) => {
      if (calls++ === 1) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' })
      return deployment.client.send(command)
    }
    const table = openTable(Object.assign(Object.create(deployment.client), { send }), deployment.ledgerTable)
    const writes = Array.from({ length: 60 }, (_, i): Write => ({ key: keyOf(-3, i), set: value(1), when: 'absent' }))
    const kinds = (await table.write(writes)).map(({ kind }) => kind)
    expect(kinds).toEqual([...Array(25).fill('applied'), ...Array(25).fill('lost'), ...Array(10).fill('applied')])
  })
})
