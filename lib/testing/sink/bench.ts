import { setMaxListeners } from 'node:events'
import { systemClock } from '../../clock.js'
import { kindOf, MillraceError, show } from '../../errors.js'
import { type Acknowledgement, isAcknowledgement, type SinkRecord } from '../../sink/index.js'
import type { KeptRecord, SinkOnTarget } from './spec.js'

/** The sink did what the contract does not allow. */
export const broken = (what: string, cause?: unknown): MillraceError =>
  new MillraceError('ML_SINK_CONTRACT', what, { cause })

/** A signal that nothing aborts, to which as many may listen as there are records. */
function unhurried(): AbortSignal {
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  return signal
}

/** That there is a sink, on a target that shows what it holds: plain JavaScript may say otherwise. */
export function requireShape(on: Partial<SinkOnTarget> | null | undefined): void {
  const { sink, contents } = on ?? {}
  if (typeof sink !== 'object' || sink === null || typeof contents !== 'function')
    throw broken(
      `make() answered ${kindOf(on)} without a sink and contents(); it answers { sink, contents }, where contents() gives what ` +
        'the target holds: { id, key, value } of each record',
    )
  if (typeof sink.name !== 'string' || sink.name === '')
    throw broken(`the sink has the name ${show(sink.name)}; give it a text, for logs and errors`)
  if (typeof sink.write !== 'function') throw broken(`the sink ${sink.name} has no write(records, signal)`)
  for (const method of ['open', 'close'] as const)
    if (sink[method] !== undefined && typeof sink[method] !== 'function')
      throw broken(`${method} of the sink ${sink.name} is ${kindOf(sink[method])}, not a function; it may be left out`)
}

/** Writes, and looks at the shape of the answers. */
export async function write(
  { sink }: SinkOnTarget,
  records: readonly SinkRecord[],
  signal: AbortSignal = unhurried(),
): Promise<readonly Acknowledgement[]> {
  const answers: unknown = await sink.write(records, signal)
  if (!Array.isArray(answers)) throw broken(`write() answered ${show(answers)}, no list`)
  if (answers.length !== records.length)
    throw broken(`write() answered ${answers.length} acknowledgements for ${records.length} records`)
  for (const [i, answer] of answers.entries()) {
    if (!isAcknowledgement(answer))
      throw broken(
        `write() answered ${show(answer)} for the record ${i}; it is { ok: true } or { ok: false, error, status? }`,
      )
  }
  return answers as readonly Acknowledgement[]
}

/** Writes what nothing is wrong with. */
export async function writeAll(on: SinkOnTarget, records: readonly SinkRecord[]): Promise<void> {
  for (const [i, answer] of (await write(on, records)).entries())
    if (!answer.ok)
      throw broken(`${records[i]?.id} was not acknowledged, and nothing is wrong with it: ${answer.error}`)
}

/** That the target holds each of these records, byte for byte. */
export async function requireKept({ contents }: SinkOnTarget, records: readonly SinkRecord[]): Promise<void> {
  const kept = new Map((await contents()).map((one) => [one.id, one]))
  for (const record of records) {
    const found = kept.get(record.id)
    if (found === undefined) throw broken(`${record.id} was acknowledged, and the target does not hold it`)
    for (const part of ['key', 'value'] as const) requireSame(record, found, part)
  }
}

function requireSame(record: SinkRecord, found: KeptRecord, part: 'key' | 'value'): void {
  const [given, kept] = [record[part], found[part]]
  const same = given === null || kept === null ? given === kept : given.equals(kept)
  if (!same) throw broken(`the ${part} of ${record.id} was ${shown(given)}, and the target holds ${shown(kept)}`)
}

const shown = (bytes: Buffer | null) =>
  bytes === null ? 'null' : `the ${bytes.length} bytes 0x${bytes.toString('hex', 0, 20)}`

/** What the target holds, in one text. */
export async function snapshotOf({ snapshot, contents }: SinkOnTarget): Promise<string> {
  if (snapshot !== undefined) return Buffer.from(await snapshot()).toString('base64')
  const hex = (bytes: Buffer | null) => bytes?.toString('hex') ?? null
  return JSON.stringify((await contents()).map(({ id, key, value }) => [id, hex(key), hex(value)]))
}

/** Closes the sink, which may take no longer than so many milliseconds. */
export const close = ({ sink }: SinkOnTarget, soonMs: number): Promise<void> =>
  soon(Promise.resolve(sink.close?.()), soonMs, 'close()')

/** Opens the sink as a function would. */
export const open = async ({ sink }: SinkOnTarget): Promise<void> =>
  sink.open?.({ group: 'conformance', functionName: 'conformance', bootstrapServers: undefined, clock: systemClock })

/** What ends within the time, or a breach that says what did not. */
export async function soon<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(broken(`${what} had not ended after ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
