import type { Progress } from '../observe.js'

/** How often the line is drawn, in milliseconds. */
const everyMs = 100

/** What the line tells of. */
export interface Moment {
  readonly stage: string
  readonly progress: Progress | undefined
}

/** Draws one line that is overwritten again and again; nothing where the stream is no terminal. Answers how to end it. */
export function progressLine(stream: NodeJS.WriteStream, orders: number, ask: () => Moment): () => void {
  if (!stream.isTTY) return () => undefined
  const draw = () => stream.write(`\r\u001b[2K${lineOf(ask(), orders).slice(0, (stream.columns ?? 80) - 1)}`)
  const timer = setInterval(draw, everyMs)
  return () => {
    clearInterval(timer)
    stream.write('\r\u001b[2K')
  }
}

/** The line, without control characters. */
export function lineOf({ stage, progress }: Moment, orders: number): string {
  if (progress === undefined) return stage
  const { produced, runs, invocations, killedPid } = progress
  const killed = killedPid === undefined ? '' : ` · killed ${killedPid}`
  return `${runs} runs of ${orders} orders · ${invocations} batches${killed} · ${produced < orders ? `${produced} produced` : stage}`
}
