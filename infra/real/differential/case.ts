/** One thing that is asked of both sides. */
export interface Case<Side> {
  /** Unique among all; its first word is the area. */
  readonly id: string
  /** Asks, and answers what came: plain data, compared field by field. Failures that are part of it are taken by {@link attempt}. */
  run(side: Side): Promise<unknown>
}

/** What one side came to in a case: an answer, or that the case itself broke. */
export type Told = { readonly answer: unknown } | { readonly broke: string }

/** What both sides came to in a case. */
export interface Pair {
  readonly id: string
  readonly embedded: Told
  readonly real: Told
}

/** What a promise comes to, its failure included. */
export async function attempt(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { ok: await work() }
  } catch (error) {
    return { failed: described(error) }
  }
}

/** Of an error, all that its source decided: no stack, no wording of the client's. */
function described(error: unknown): unknown {
  if (!(error instanceof Error)) return plain(error)
  const { name, message } = error
  const own = Object.entries(error).filter(([key]) => !clientsOwn.has(key))
  const { httpStatusCode: status } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {}
  return plain({ name, message, ...Object.fromEntries(own), status })
}

/** Fields in which clients keep their own affairs. */
const clientsOwn = new Set([
  'stack',
  'helpUrl',
  'retryCount',
  'retryTime',
  'cause',
  'originalError',
  'broker',
  '$fault',
  '$metadata',
])

/** The value as JSON can hold it: bytes as text where they are text, numbers beyond JSON as text. */
export function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return bytes(Buffer.from(value))
  if (value instanceof Error) return described(value)
  if (value instanceof Date) return value.getTime()
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), plain(one)]))
  if (typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      one === undefined || typeof one === 'function' ? [] : [[key, plain(one)]],
    ),
  )
}

function bytes(value: Buffer): string {
  const text = value.toString('utf8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not shown is no text
  return Buffer.from(text).equals(value) && !/[\u0000-\u001f]/.test(text) ? text : `0x${value.toString('hex')}`
}

/** How long {@link until} goes on, in milliseconds. */
const patienceMs = 5_000

/** What comes when it is asked again until it is as expected, by default until it does not fail; after five seconds, whatever comes. */
export async function until<T>(ask: () => Promise<T>, expected: (answer: T) => boolean = () => true): Promise<T> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    try {
      const answer = await ask()
      if (expected(answer) || Date.now() > deadline) return answer
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}
