import { readFileSync } from 'node:fs'
import { handleOrder, noWork, orderSource } from '../sides/orders.js'
import { deliverWith } from '../sides/ours.js'
import { plain } from '../sides/plain.js'
import type { Side } from '../sides/side.js'
import { deployInMemory } from '../suites/setup.js'

/** What one big batch takes in a new process, in bytes. */
export interface MemoryTaken {
  /** How far the peak of resident memory rose. */
  readonly peak: number
  /** What is held on the heap, garbage aside, when the last record is in its handler. */
  readonly held: number
}

const [name = '', path = '', bytes = ''] = process.argv.slice(2)

deployInMemory(['memory'])
const work = noWork()
let last = Number.POSITIVE_INFINITY
let held = 0
let peak = 0

/** The handler of all sides, which looks at the memory while it has the last record. */
async function handle(record: Parameters<typeof handleOrder>[1]): Promise<void> {
  await handleOrder(work, record)
  if (work.records !== last) return
  // Before the collection, which moves the peak itself.
  peak = peakNow()
  held = heldNow()
}

const deliver: Side['deliver'] = name === 'millrace' ? deliverWith(handle) : plain(JSON.parse(bytes), handle).deliver
const peakNow = () => process.resourceUsage().maxRSS * 1024
const heldNow = () => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

// As Lambda's runtime has it: a warm environment, then one event out of its text.
const source = orderSource('memory', 4)
for (let i = 0; i < 20; i++) await deliver(source.next(20))
const event = JSON.parse(readFileSync(path, 'utf8'))
const records = Object.values(event.records as object).reduce((sum, { length }) => sum + length, 0)
const [heldBefore, peakBefore] = [heldNow(), peakNow()]
last = work.records + records
await deliver(event)
const taken: MemoryTaken = { peak: peak - peakBefore, held: held - heldBefore }
process.send?.(taken)
