import assert from 'node:assert/strict'
import type { InvokeResult } from '../../../../lib/local/worker/index.js'
import { kafkaEvent } from '../../../../lib/testing/index.js'
import { readEffects } from '../../../../start/verify/index.js'
import type { Check } from '../../checklist.js'
import { faulty, type Ground, type Running } from '../ground.js'
import { deliver, failuresOf, said } from './deliver.js'

interface Fault {
  readonly name: string
  readonly fault: string
  /** What the first invocation has to come to. */
  readonly ending: (result: InvokeResult, running: Running) => void
}

const crash = (exitCode: number | null, signal: NodeJS.Signals | null): Fault['ending'] => {
  return (result) => {
    assert.equal(result.kind, 'crash', said(result))
    assert.deepEqual(result.kind === 'crash' && [result.exitCode, result.signal], [exitCode, signal])
  }
}

const faults: readonly Fault[] = [
  {
    name: 'an invocation that blocks beyond its time is killed',
    fault: 'block',
    ending: (result) => assert.equal(result.kind, 'timeout', said(result)),
  },
  {
    name: 'a handler that never ends is left before the time is out: its record and the one behind it are reported, and the process lives on',
    fault: 'hang',
    ending: (result, { worker }) => {
      assert.deepEqual(failuresOf(result), ['faulty-2:1', 'faulty-2:2'])
      assert.equal(worker.pid, result.pid)
    },
  },
  { name: 'process.exit(0) in a handler answers no success [T-05]', fault: 'exit', ending: crash(0, null) },
  { name: 'SIGKILL in a batch answers nothing', fault: 'kill', ending: crash(null, 'SIGKILL') },
  { name: 'an error that nothing can catch answers no success [T-05]', fault: 'throw', ending: crash(1, null) },
]

/** What goes wrong in the middle of a batch, in a function of the lane's own. */
export function faultChecks(ground: Ground): readonly Check[] {
  return faults.map(({ name, fault, ending }, index) => ({
    name: `${name}; what comes again settles each effect once`,
    run: async () => {
      const running = await ground.handler('faulty', { timeout: 4 })
      try {
        const partitions = [2 * index, 2 * index + 1]
        const records = partitions.flatMap((partition) =>
          [0, 1, 2].map((offset) => ({
            ...{ partition, offset },
            value: { id: `${fault}-${partition}-${offset}`, ...(partition % 2 === 0 && offset === 1 && { fault }) },
          })),
        )
        const results = await deliver(running, kafkaEvent({ topic: faulty.topic, records }))
        const [first] = results
        assert.ok(first)
        assert.ok(results.length > 1, 'it was delivered again')
        ending(first, running)
        const effects = await readEffects(ground.client, ground.effectsTable)
        for (const { value } of records) assert.equal(effects.get(value.id)?.effects, 1, `the effects of ${value.id}`)
        return `settled with delivery ${results.length}`
      } finally {
        await running.worker.stop()
      }
    },
  }))
}
