import type { Draw } from './draw.js'

/** Bytes as they go over the wire, in the pieces in which they go. */
export interface Delivery {
  readonly how: string
  readonly pieces: readonly Buffer[]
}

type Mutation = (frame: Buffer, draw: Draw, others: () => Buffer) => Buffer

const extremes = [-1, 0, 1, 0x7f, 0x7fff, 0xffff, 0x7fffffff, -0x80000000, 100_000, 1_000_000]

/** Ways to spoil a frame, by what they do. */
const mutations: Readonly<Record<string, Mutation>> = {
  'as it was': (frame) => frame,
  'bits flipped': (frame, draw) => {
    for (let flips = 1 + draw.below(8); flips > 0; flips--) {
      const at = draw.below(frame.length)
      frame[at] = (frame[at] ?? 0) ^ (1 << draw.below(8))
    }
    return frame
  },
  'cut short': (frame, draw) => frame.subarray(0, draw.below(frame.length)),
  'grown at the end': (frame, draw) => Buffer.concat([frame, draw.bytes(1 + draw.below(50))]),
  'a length or number that lies': (frame, draw) => {
    const width = draw.pick([1, 2, 4])
    if (frame.length < 8 + width) return frame
    frame.writeIntBE(
      (draw.pick(extremes) << (32 - 8 * width)) >> (32 - 8 * width),
      8 + draw.below(frame.length - 7 - width),
      width,
    )
    return frame
  },
  'parts swapped': (frame, draw) => {
    const [one = 0, other = 0, third = 0] = [0, 0, 0]
      .map(() => 8 + draw.below(Math.max(frame.length - 8, 1)))
      .sort((a, b) => a - b)
    return Buffer.concat([
      frame.subarray(0, one),
      frame.subarray(other, third),
      frame.subarray(one, other),
      frame.subarray(third),
    ])
  },
  'a part twice': (frame, draw) => {
    const from = draw.below(frame.length)
    return Buffer.concat([
      frame.subarray(0, from),
      ...Array.from({ length: 1 + draw.below(20) }, () => frame.subarray(from)),
      frame.subarray(from),
    ])
  },
  'the body of another': (frame, _, others) => Buffer.concat([frame.subarray(0, 8), others().subarray(8)]),
  'another version': (frame, draw) => {
    frame.writeInt16BE(draw.pick([...extremes.map((n) => (n << 16) >> 16), 2, 5, 9, 12]), 2)
    return frame
  },
  'an unknown API': (frame, draw) => {
    frame.writeInt16BE(draw.pick([4, 5, 6, 7, 17, 23, 99, 1000, -1, 0x7fff]), 0)
    return frame
  },
  noise: (frame, draw) => draw.bytes(1 + draw.below(frame.length * 2)),
}

/** A frame that is spoilt or not, with a length that is true or not, in one piece or many, alone or with another behind it. */
export function spoilt(original: Buffer, draw: Draw, others: () => Buffer): Delivery {
  const name = draw.pick(Object.keys(mutations))
  const frame = mutations[name]?.(Buffer.from(original), draw, others) ?? original
  const length = draw.oneIn(8) ? draw.pick([...extremes, frame.length - 1, frame.length + 1]) : frame.length
  const bytes = Buffer.concat([led(frame, length), ...(draw.oneIn(6) ? glued(draw, others) : [])])
  return {
    how: length === frame.length ? name : `${name}, length ${length}`,
    pieces: draw.oneIn(3) ? pieces(bytes, draw) : [bytes],
  }
}

/** More requests behind it, sometimes more of them than a broker reads ahead. */
function glued(draw: Draw, others: () => Buffer): Buffer[] {
  return Array.from({ length: draw.pick([1, 1, 1, 2, 30]) }, () => led(others()))
}

/** A frame as it should be, in one piece or many. */
export function untouched(frame: Buffer, draw: Draw): Delivery {
  const bytes = led(frame)
  return { how: 'untouched', pieces: draw.oneIn(3) ? pieces(bytes, draw) : [bytes] }
}

function led(frame: Buffer, length = frame.length): Buffer {
  const lead = Buffer.alloc(4)
  lead.writeInt32BE(length)
  return Buffer.concat([lead, frame])
}

function pieces(bytes: Buffer, draw: Draw): Buffer[] {
  const cuts = Array.from({ length: 1 + draw.below(5) }, () => draw.below(bytes.length + 1)).sort(
    (one, other) => one - other,
  )
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length))
}
