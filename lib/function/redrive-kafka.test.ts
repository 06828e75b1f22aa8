import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Ground, recordsOf, run, startGround } from '../cli/failures/failures.fixture.js'
import { commands } from '../cli/failures/index.js'
import { fallback, kafkaFunction, text } from '../index.js'
import type { MappingConfig } from '../local/esm/index.js'
import { startMapping } from '../local/esm/index.js'
import { invoke } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

const logs = captureLogs()
let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterAll(() => ground.stop())

/** A mapping of the topic as a group; the function runs in this process. */
const mappingOf = (topic: string, group: string): MappingConfig => ({
  ...{ id: `Mapping-${group}`, functionName: group, source: 'self-managed', topic, group, enabled: true },
  ...{
    batchSize: 10,
    batchingWindowMs: 0,
    startingPosition: 'TRIM_HORIZON',
    provisioned: true,
    partialResponses: true,
  },
  ...{ bisect: false, maximumRetryAttempts: -1, maximumRecordAgeSeconds: -1 },
})

it('What is given up on and redriven by hand, twice, has its effect once, in the group that gave it up alone [R-24, R-44]', async () => {
  const topic = 'bills'
  await ground.createTopic(topic, 2)
  const effects: string[] = []
  let broken = true
  // Both read this process's environment: one after the other.
  let turn: Promise<unknown> = Promise.resolve()
  const groups = ['billing', 'shipping']
  const mappings = await Promise.all(
    groups.map((group) => {
      const handler = kafkaFunction({ value: text() }, ({ value, original }) => {
        if (broken && group === 'billing') return fallback('not billable yet')
        effects.push(`${group} ${value} ${original ?? 'as it came'}`)
      })
      return startMapping(mappingOf(topic, group), {
        brokers: [ground.broker.address],
        invoke: async (event) => {
          const answer = turn.then(() => {
            process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses: true, withholds: false }])
            return invoke(handler, event)
          })
          turn = answer.catch(() => undefined)
          const payload = await answer
          return { kind: 'ok', payload, requestId: 'r', durationMs: 0, pid: process.pid, coldStart: false }
        },
      })
    }),
  )
  const idle = () => Promise.all(mappings.map((mapping) => mapping.idle()))
  try {
    const producer = ground.kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ key: 'k', value: 'b-1', partition: 0 }] })
    await idle()
    const before = await recordsOf(ground, topic)
    const redrive = () => run(commands.redrive, { ...ground.options, ids: [], yes: true })
    broken = false
    await redrive()
    // Somebody else had the same envelope in hand, and was slower.
    const copy = (await recordsOf(ground, topic)).at(-1)
    await producer.send({
      topic,
      messages: [
        {
          key: 'k',
          value: copy?.value ?? null,
          partition: 1,
          headers: { ...(copy?.headers as Record<string, string>) },
        },
      ],
    })
    await producer.disconnect()
    await idle()
    expect((await recordsOf(ground, topic)).filter(({ partition, offset }) => partition === 0 && offset === 0)).toEqual(
      before,
    )
    expect(effects.sort()).toEqual([`billing b-1 ${topic}:0:0`, 'shipping b-1 as it came'])
    expect(logs.lines('duplicate')).toHaveLength(1)
    expect(logs.lines('drop')).toHaveLength(2)
    expect((await run(commands.list, ground.options)).code).toBe(0)
  } finally {
    await Promise.all(mappings.map((mapping) => mapping.stop()))
  }
})
