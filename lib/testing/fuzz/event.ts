import type { Draw } from '../../local/broker/fuzz/index.js'
import { kafkaEvent } from '../events/index.js'

/** Where something is in a JSON value: what holds it, and under which name. */
interface Place {
  readonly holder: Record<string, unknown>
  readonly name: string
}

/** Values that are no business of an event, or at its limits. */
const odd: readonly unknown[] = [
  null,
  true,
  '',
  'a',
  '%%%',
  'YQ=',
  '\ud800',
  '\udfff-0',
  'x'.repeat(100_000),
  0,
  -1,
  0.5,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  -0,
  [],
  {},
  [[[[[[[[[[]]]]]]]]]],
  [null],
  { toString: 1, constructor: null, hasOwnProperty: 'no' },
]

/** Names that objects have without being given them. */
const inherited = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'then', 'toJSON', 'prototype']

/** An event of a few records, fresh each time: `number` tells it from others. */
export function goodEvent(draw: Draw, number: number, topic: string, partitions: number): unknown {
  const records = Array.from({ length: 1 + draw.below(5) }, (_, index) => ({
    partition: draw.below(partitions),
    offset: number * 10 + index,
    timestamp: 1_700_000_000_000 + number * 10 + index,
    key: draw.pick([null, 'a', 'b', '', Buffer.from([0xff, 0xfe])]),
    value: draw.pick<unknown>([null, '', 'retry', { cents: 1 }, Buffer.from([0xc3, 0x28]), 'x'.repeat(1000)]),
    headers: draw.pick<readonly (readonly [string, string | null])[]>([
      [],
      [
        ['h', 'x'],
        ['h', null],
      ],
    ]),
  }))
  const arn = 'arn:aws:kafka:eu-central-1:000000000000:cluster/c/u'
  return kafkaEvent({ topic, records, ...(draw.oneIn(3) && { eventSourceArn: arn }) })
}

/** The event, changed in one to four places, as it would arrive: as JSON. */
export function spoiltEvent(event: unknown, draw: Draw): unknown {
  const root = { event: JSON.parse(JSON.stringify(event)) as unknown }
  for (let changes = 1 + draw.below(4); changes > 0; changes--) {
    const places = [...placesIn(root)]
    if (places.length === 0) break // the event itself is gone
    draw.pick(changers)(draw.pick(places), draw, places)
  }
  // What JSON cannot say is gone with it; what it says of __proto__ becomes a property like any other.
  const text = JSON.stringify(root.event)
  return text === undefined ? undefined : JSON.parse(text.replaceAll(marker, '__proto__'))
}

/** Stands for a name that an assignment would take for something else. */
const marker = '--proto--'

type Changer = (place: Place, draw: Draw, places: readonly Place[]) => void

const changers: readonly Changer[] = [
  ({ holder, name }) => {
    if (Array.isArray(holder)) holder.splice(Number(name), 1)
    else delete holder[name]
  },
  ({ holder, name }, draw) => {
    holder[name] = structuredClone(draw.pick(odd))
  },
  ({ holder, name }, draw) => {
    // Wrong by a little: a number by one, a text by its last character.
    const value = holder[name]
    if (typeof value === 'number') holder[name] = value + draw.pick([1, -1, 0.5])
    if (typeof value === 'string')
      holder[name] = draw.oneIn(2) ? value.slice(0, -1) : `${value}${draw.pick(['=', '-', '\u0000', '\ud83d'])}`
  },
  ({ holder, name }, draw) => {
    const value = holder[name]
    if (Array.isArray(value) && value.length > 0) value.push(structuredClone(draw.pick<unknown>(value)))
    else if (!Array.isArray(holder)) holder[draw.pick(inherited).replace('__proto__', marker)] = structuredClone(value)
  },
  ({ holder, name }, draw, places) => {
    const other = draw.pick(places)
    const value = structuredClone(holder[name])
    holder[name] = structuredClone(other.holder[other.name])
    other.holder[other.name] = value
  },
  ({ holder, name }, draw) => {
    if (Array.isArray(holder)) return
    const value = holder[name]
    delete holder[name]
    holder[draw.pick([...inherited.map((one) => one.replace('__proto__', marker)), `${name}-1`, 'other-0', ''])] = value
  },
]

function* placesIn(value: unknown): Generator<Place> {
  if (typeof value !== 'object' || value === null) return
  const holder = value as Record<string, unknown>
  for (const name of Object.keys(holder).slice(0, 50)) {
    yield { holder, name }
    yield* placesIn(holder[name])
  }
}
