import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { json, kafkaFunction, ok, retry, type Sink } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { closeAtEnd } from './close-at-end.js'
import { captureLogs } from './logs.fixture.js'

let deployment: TestDeployment
let topic: string
let topics = 0
captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
beforeEach(() => {
  topic = `s${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
})

/** A sink that keeps what it is given, and what it is told at its opening. */
function keeping(changes: Partial<Sink> = {}) {
  const kept: string[] = []
  const opened: unknown[] = []
  const sink: Sink = {
    name: 'keeping',
    open: ({ bootstrapServers, group, functionName }) => void opened.push({ bootstrapServers, group, functionName }),
    async write(records) {
      kept.push(...records.map(({ id, value }) => `${id} ${value}`))
      return records.map(() => ({ ok: true }))
    },
    ...changes,
  }
  return { sink, kept, opened }
}
const event = (values: unknown[], from = 0) =>
  kafkaEvent({ topic, records: values.map((value, i) => ({ offset: from + i, value })) })
const left = (response: { batchItemFailures: readonly unknown[] }) => response.batchItemFailures.length

describe('a function with sinks', () => {
  it('writes what its handler answers by ok(output), and what it gives up on', async () => {
    const [outputs, failures] = [keeping(), keeping()]
    const options = { onSuccess: outputs.sink, fallback: failures.sink, value: json() }
    const handler = kafkaFunction(options, ({ value }) => ok([{ value }, { value: 'and' }]))
    expect(left(await invoke(handler, event([1, 2])))).toBe(0)
    const ids = ['0:0#0 1', '0:0#1 and', '0:1#0 2', '0:1#1 and']
    expect(outputs.kept).toEqual(ids.map((id) => `${topic}:${id}`))
  })

  it('sends what cannot be read to its own fallback, as an envelope', async () => {
    const failures = keeping()
    const handler = kafkaFunction({ fallback: failures.sink }, () => undefined)
    const records = [{ offset: 0, value: Buffer.from('{') }]
    expect(left(await invoke(handler, kafkaEvent({ topic, records })))).toBe(0)
    const [line = ''] = failures.kept
    expect(line).toContain(`${topic}:0:0 {"format":1`)
    expect(line).toContain('"rule":"undecodable"')
  })

  it('opens them once, with the brokers of the event, and not for a second batch', async () => {
    const { sink, opened } = keeping()
    const handler = kafkaFunction({ onSuccess: sink, fallback: sink }, () => ok({ value: 1 }))
    await invoke(handler, event([1]))
    await invoke(handler, event([2], 1))
    const { bootstrapServers } = event([1])
    expect(opened).toEqual([{ bootstrapServers, group: 'g', functionName: expect.any(String) }])
  })

  it('fails the batch where one cannot be opened, and tries it again', async () => {
    let tries = 0
    const open = () => (tries++ === 0 ? Promise.reject(new Error('no brokers')) : undefined)
    const { sink, kept } = keeping({ open })
    const handler = kafkaFunction({ onSuccess: sink }, () => ok({ value: 1 }))
    await expect(invoke(handler, event([1]))).rejects.toThrow(/ML_SINK_FAILED.*keeping.*no brokers/)
    expect(left(await invoke(handler, event([1])))).toBe(0)
    expect(kept).toHaveLength(1)
  })

  it('reports records where the fallback is down, and loses none [K-09, P-11]', async () => {
    let isDown = true
    const failures = keeping()
    const write: Sink['write'] = async (records, signal) => {
      if (isDown) throw new Error('out of order')
      return failures.sink.write(records, signal)
    }
    const handler = kafkaFunction({ fallback: { name: 'dead letters', write }, retry: { attempts: 1 } }, () =>
      retry('no'),
    )
    expect(left(await invoke(handler, event([1, 2])))).toBe(2)
    isDown = false
    expect(left(await invoke(handler, event([1, 2])))).toBe(0)
    expect(failures.kept).toHaveLength(2)
  })

  it('breaks its contract by an output without a sink for it', async () => {
    const handler = kafkaFunction({}, () => ok({ value: 1 }))
    await expect(invoke(handler, event([1]))).rejects.toThrow(/ML_OUTCOME_UNKNOWN.*onSuccess/)
  })

  it('makes one call for all records of a batch handler, too [K-12]', async () => {
    let calls = 0
    const write: Sink['write'] = async (records) => {
      calls++
      return records.map(() => ({ ok: true }))
    }
    const handler = kafkaFunction.batch({ onSuccess: { name: 'counting', write } }, (records) =>
      records.map(({ id, value }) => ({ id, outcome: ok({ value }) })),
    )
    expect(left(await invoke(handler, event(Array.from({ length: 500 }, (_, i) => i))))).toBe(0)
    expect(calls).toBe(1)
  })
})

describe('at the end of an environment', () => {
  it('sinks are closed, where it is Lambda’s or the local one', async () => {
    const closed: string[] = []
    const sinks = ['a', 'b'].map(
      (name): Sink => ({ name, write: async () => [], close: async () => void closed.push(name) }),
    )
    closeAtEnd(sinks)
    expect(process.listenerCount('SIGTERM')).toBe(0)
    process.env.AWS_LAMBDA_RUNTIME_API = '127.0.0.1:9'
    // Without another listener the signal would end this process.
    const stay = () => {}
    process.on('SIGTERM', stay)
    try {
      closeAtEnd(sinks)
      process.emit('SIGTERM', 'SIGTERM')
      await expect.poll(() => closed).toEqual(['a', 'b'])
    } finally {
      process.off('SIGTERM', stay)
      delete process.env.AWS_LAMBDA_RUNTIME_API
    }
  })
})
