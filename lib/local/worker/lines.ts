import { StringDecoder } from 'node:string_decoder'

/** The longest line handed on in one piece, in characters; a longer one is cut, so that memory stays bounded. */
export const longestLine = 262_144

/** Cuts a stream of bytes into lines, also where a chunk ends inside a line or inside a character. */
export function lineSplitter(emit: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string): void => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) emit(line.endsWith('\r') ? line.slice(0, -1) : line)
    while (rest.length > longestLine) {
      emit(rest.slice(0, longestLine))
      rest = rest.slice(longestLine)
    }
  }
  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end())
      if (rest !== '') emit(rest)
      rest = ''
    },
  }
}
