import { code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Api, defineApi } from './api.js'

type Range = Pick<Api, 'key' | 'minVersion' | 'maxVersion'>

export const apiVersionsKey = 18
const own: Range = { key: apiVersionsKey, minVersion: 0, maxVersion: 3 }

/** ApiVersions: which versions of which APIs are served. The one API whose answer keeps the old header when flexible. */
export function apiVersions(others: readonly Range[]): Api {
  const ranges = [...others, own].sort((one, other) => one.key - other.key)
  return defineApi({
    ...own,
    name: 'ApiVersions',
    flexibleFrom: 3,
    decode: ignoreBody,
    handle: () => ranges,
    encode(writer, response, version) {
      writer.int16(code.none)
      writeRanges(writer, response)
      if (version >= 1) writer.int32(0) // throttle time
      writer.tags()
    },
  })
}

/** The answer to an ApiVersions of a version yet unknown: version 0, naming the versions that can be asked. */
export function unknownApiVersions(writer: Writer): void {
  writer.int16(code.unsupportedVersion)
  writeRanges(writer, [own])
}

function writeRanges(writer: Writer, ranges: readonly Range[]): void {
  writer.array(ranges, (range) => {
    writer.int16(range.key).int16(range.minVersion).int16(range.maxVersion).tags()
  })
}

/** The name and version of the client's software, which do not matter here. */
function ignoreBody(reader: Reader, version: number): undefined {
  if (version < 3) return
  reader.string()
  reader.string()
  reader.tags()
}
