import { expect, it } from 'vitest'
import { type Discarding, giveUp } from './discard.js'
import { config, crash } from './mapping.fixture.js'
import { readSwitches } from './switches.js'

it.each([
  ['kafka://failures', 'RetriesExhausted', 'RetriesExhausted'],
  ['kafka://failures', 'RetryAttemptsExhausted', 'RetryAttemptsExhausted'],
  ['arn:aws:sqs:us-east-1:1:q', 'RetriesExhausted', 'RetryAttemptsExhausted'],
] as const)('%s is told of spent retries with the switch at %s as %s', async (name, kafkaCondition, expected) => {
  const conditions: string[] = []
  const discarding: Discarding = {
    config: config(),
    envelope: { eventSource: 'SelfManagedKafka', bootstrapServers: 'b' },
    switches: readSwitches({ kafkaCondition }),
    destination: {
      name,
      deliver: async ({ condition }) => void conditions.push(condition),
      close: async () => undefined,
    },
    now: () => 0,
    pause: async () => true,
    backoffMs: () => 0,
    onDiscard: () => undefined,
    onError: () => undefined,
  }
  const given = { condition: 'RetryAttemptsExhausted', records: {}, approximateInvokeCount: 1, result: crash } as const
  expect(await giveUp(discarding, given)).toBe(true)
  expect(conditions).toEqual([expected])
})
