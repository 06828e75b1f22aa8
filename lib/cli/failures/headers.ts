import type { IHeaders } from 'kafkajs'
import type { Header } from '../../event/index.js'

/**
 * Headers as they are, for a message of kafkajs 2.2.4, which of itself groups them by name and fails on a null.
 *
 * It asks a name's list for its `map`, and takes what that answers for headers.
 */
export function exactHeaders(headers: readonly Header[]): IHeaders {
  const list = headers.map(({ key, value }) => (value === null ? nullHeader(key) : { key, value }))
  return { '': Object.assign([], { map: () => list }) }
}

/** kafkajs reads a value three times in each encoding: for its length, which null has not, to tell whether it is null, and to write it. */
function nullHeader(key: string): { readonly key: string; readonly value: '' | null } {
  let reads = 0
  return {
    key,
    get value() {
      return reads++ % 3 === 0 ? '' : null
    },
  }
}

/** What kafkajs makes of headers when it reads them: those of one name together. */
export function readHeaders(headers: Readonly<Record<string, unknown>> | undefined): Header[] {
  return Object.entries(headers ?? {}).flatMap(([key, values]) =>
    [values].flat().map((value) => ({ key, value: value === null ? null : Buffer.from(value as Uint8Array) })),
  )
}
