import { startServant } from '../measure/servant.js'
import { type Result, result, type SuiteOptions } from '../result.js'
import { produce } from '../sides/local.js'
import { first } from './records.js'

const bytes = 200

/** What the broker's process grows by for each record that it keeps, against the record's own bytes. */
export async function memory({ smoke }: SuiteOptions): Promise<Result> {
  const records = smoke ? 20_000 : 1_000_000
  const broker = startServant('local/broker-process.js', { nodeArgs: ['--expose-gc'] })
  try {
    const brokers = await broker.ask<string[]>('start')
    const load = { brokers, topic: 'memory', partitions: 4 }
    // Code and buffers that every load needs are not what a record costs.
    await produce(first(10_000, endless()), load)
    const before = await broker.ask<number>('resident')
    await produce(first(records, endless()), load)
    const after = await broker.ask<number>('resident')
    return result({
      name: `local: memory of the broker for each of ${records} records kept, their bytes`,
      unit: 'bytes',
      ours: (after - before) / records,
      peer: bytes,
      goal: 3,
      bound: 'at most',
      note: `resident: ${megabytes(before)} MB before, ${megabytes(after)} MB after`,
    })
  } finally {
    await broker.end()
  }
}

function* endless() {
  for (let n = 0; ; n++) {
    const key = Buffer.from(`key-${n % 1_000}`)
    yield { key, value: Buffer.alloc(bytes - key.length, 'x') }
  }
}

const megabytes = (amount: number): number => Math.round(amount / 1024 / 1024)
