import { afterEach, beforeEach, vi } from 'vitest'

/** The JSON lines that Powertools writes, by message, kept off the terminal. */
export function captureLogs() {
  const captured: Record<string, unknown>[] = []
  beforeEach(() => {
    vi.spyOn(process.stdout, 'write').mockImplementation(capture)
    vi.spyOn(process.stderr, 'write').mockImplementation(capture)
  })
  afterEach(() => vi.restoreAllMocks())

  function capture(chunk: Uint8Array | string): boolean {
    for (const line of chunk.toString().split('\n')) if (line.startsWith('{')) captured.push(JSON.parse(line))
    return true
  }
  return {
    clear: () => captured.splice(0),
    lines: (message: string) => captured.filter((line) => line.message === message),
    all: captured,
  }
}
