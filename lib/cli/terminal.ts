import { createInterface } from 'node:readline/promises'
import { usage } from './voice.js'

/** Shows how far a command is, where a person looks. */
export interface Progress {
  at(done: number): void
  end(): void
}

const barWidth = 30

/** A bar on a terminal; nothing anywhere else. */
export function progressOf(total: number, out: NodeJS.WriteStream = process.stderr): Progress {
  if (!out.isTTY || total === 0) return { at: () => undefined, end: () => undefined }
  return {
    at(done) {
      const full = Math.floor((done / total) * barWidth)
      out.write(`\r[${'█'.repeat(full)}${' '.repeat(barWidth - full)}] ${done} of ${total}`)
    },
    // The line is given back to what is said next.
    end: () => void out.write(`\r${' '.repeat(barWidth + 40)}\r`),
  }
}

/**
 * Whether a person agrees; `yes` agrees beforehand.
 *
 * @throws MillraceError `ML_USAGE` where nobody can be asked
 */
export async function agreed(
  question: string,
  { yes, signal }: { readonly yes: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY)
    throw usage(`${question} There is no terminal to ask on: say --yes, or look first with --dry-run`)
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `, { signal })).trim())
  } catch (error) {
    if (signal.aborted) return false
    throw error
  } finally {
    asking.close()
  }
}
