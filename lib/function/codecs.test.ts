import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Codec, json, kafkaFunction, text } from '../index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

captureLogs()
let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'codecs' })
})
afterAll(() => deployment.stop())

/** A codec as a user would wrap one: around its decode, all else as it was. */
const base64 = <T>(inner: Codec<T>): Codec<T> => ({
  ...inner,
  name: `base64 ${inner.name}`,
  decode: (bytes) => inner.decode(bytes && Buffer.from(bytes.toString(), 'base64')),
})
const encoded = (value: string) => Buffer.from(value).toString('base64')

it('reads keys and values by the decode of a codec that is made of another', async () => {
  const seen: unknown[] = []
  const handler = kafkaFunction({ value: base64(json()), key: base64(text()) }, ({ key, value }) => {
    seen.push([key, value])
  })
  await invoke(handler, kafkaEvent({ topic: 'codecs', records: [{ key: encoded('k'), value: encoded('{"n":1}') }] }))
  expect(seen).toEqual([['k', { n: 1 }]])
})
