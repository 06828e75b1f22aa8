import { expect, it } from 'vitest'
import { sinkConformance } from './index.js'
import { sinkOf } from './memory.fixture.js'

const sound = sinkOf()

it.each<[string, unknown, RegExp]>([
  ['a sink alone', sound.sink, /make\(\) answered an object without a sink and contents\(\); it answers \{ sink, cont/],
  ['nothing', undefined, /make\(\) answered undefined/],
  ['no contents', { sink: sound.sink }, /without a sink and contents/],
  ['a sink without a name', { ...sound, sink: { write: sound.sink.write } }, /the name undefined/],
  ['a sink without write', { ...sound, sink: { name: 's' } }, /the sink s has no write/],
  ['a sink whose open is no function', { ...sound, sink: { ...sound.sink, open: true } }, /open of the sink memory is/],
  ['a sink that answers undefined', { ...sound, sink: { name: 's', write: () => undefined } }, /answered undefined/],
  [
    'a sink that answers another status',
    {
      ...sound,
      sink: { name: 's', write: async (all: []) => all.map(() => ({ ok: false, error: Error(), status: 'x' })) },
    },
    /it is \{ ok: true \}/,
  ],
])('%s passes no check that writes anything', async (_, made, what) => {
  const all = sinkConformance({ make: async () => made as never, shows: ['calls', 'refuse', 'hang'], soonMs: 300 })
  expect(all.length).toBeGreaterThan(10)
  for (const { run } of all.filter(({ name }) => !name.startsWith('answers nothing'))) {
    await expect(run()).rejects.toMatchObject({ code: 'ML_SINK_CONTRACT', message: expect.stringMatching(what) })
  }
})

it.each([
  [undefined],
  [{}],
  [{ make: 7 }],
  [{ make: () => sound, show: [] }],
])('sinkConformance(%o) is refused', (spec) => {
  expect(() => sinkConformance(spec as never)).toThrow('ML_OPTION_INVALID')
})

it('names its checks in words, and by nothing of our own', () => {
  for (const { name } of sinkConformance({ make: async () => sound })) expect(name).not.toContain('[')
})
