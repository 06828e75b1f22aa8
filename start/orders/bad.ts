import type { Fate, Header, Planned } from './types.js'

type Bad = Pick<Planned, 'value' | 'headers'> & { readonly fate: Extract<Fate, { outcome: 'fallback' }> }

const undecodable = { outcome: 'fallback', stage: 'decode', rule: 'undecodable', attempts: 0 } as const
const invalid = { outcome: 'fallback', stage: 'validate', rule: 'invalid', attempts: 0 } as const

const text = (value: string): Buffer => Buffer.from(value)
const json = (value: unknown): Buffer => text(JSON.stringify(value))

const noHeaders: readonly Header[] = []
/** Repeated, empty, and beyond seven bits: what is easily lost on the way. */
const someHeaders: readonly Header[] = [
  ['trace', text('a1')],
  ['trace', text('a2')],
  ['empty', Buffer.alloc(0)],
  ['bytes', Buffer.from([0, 127, 128, 255])],
  ['naïve', text('Zoë')],
]

/** Bad records of every kind, by turns; `n` makes each of its kind different. */
export function badRecord(n: number, customerId: string): Bad {
  const order = { orderId: `bad-${n}`, customerId, seq: n, cents: 100 }
  // What a producer has sent as text a mended schema may well take.
  const mendable = { ...invalid, mended: order }
  const kinds: readonly (readonly [Bad['fate'], Buffer | null])[] = [
    [undecodable, text(`{"orderId":"bad-${n}","customerId":`)],
    [undecodable, Buffer.concat([text(`{"orderId":"bad-${n}`), Buffer.from([0xc3, 0x28, 0xff]), text('"}')])],
    [mendable, json({ ...order, cents: '100' })],
    [invalid, json({ ...order, cents: 0.5 })],
    [invalid, json({ orderId: order.orderId })],
    [invalid, json([order])],
    [undecodable, text(`orderId=bad-${n}`)],
    [invalid, json(null)],
    [undecodable, Buffer.alloc(0)],
    // A tombstone; one is enough, and it comes once in ten.
    n === 9 ? [invalid, null] : [undecodable, Buffer.from([n, 0, 0xfe, 0xff])],
  ]
  const [fate, value] = kinds[n % kinds.length] ?? [undecodable, text('?')]
  return { fate, value, headers: n % 3 === 0 ? someHeaders : noHeaders }
}
