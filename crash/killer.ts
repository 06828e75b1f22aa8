import type { Exchange, StoreAnswer, StoreRequest } from '../lib/testing/faults/index.js'

/**
 * When a process is killed, seen from one of its store calls:
 * `cut` before the store sees it; `late` when it is on its way, so that it lands after the death; `answer` when it was applied
 * and its answer is lost; `between` some milliseconds later.
 */
export const moments = ['cut', 'late', 'answer', 'between'] as const
export type Moment = (typeof moments)[number]

/** The next death. */
interface Plan {
  readonly moment: Moment
  /** Store calls of the process up to the one that counts. */
  readonly calls: number
  readonly delayMs: number
}

/** Kills one process after another, each at a moment of its own. */
export interface Killer {
  /** Kills so far, by their moments. */
  readonly kills: Readonly<Record<Moment, number>>
  /** Of all moments. */
  readonly sent: number
  readonly done: boolean
  /** To be asked about every store call. */
  rule(request: StoreRequest): 'pass' | StoreAnswer
  /** To be told of every answer, before the function is. */
  onExchange(exchange: Exchange): void
}

export interface KillerOptions {
  readonly kills: number
  readonly random: () => number
  /** Of the process that lives. */
  readonly pid: () => number | undefined
  readonly kill: (pid: number) => void
  /** Calls back after so many milliseconds. */
  readonly after: (ms: number, callback: () => void) => void
}

/** Calls at most: more than a batch of 500 makes that runs under no markers, fewer than one that runs under them. */
const mostCalls = 60
/** As long as a handful of store calls take. */
const mostDelayMs = 30

export function killer({ kills: wanted, random, pid, kill, after }: KillerOptions): Killer {
  const kills: Record<Moment, number> = { cut: 0, late: 0, answer: 0, between: 0 }
  let left = wanted
  let plan = draw(random)
  let calls = 0
  let victim: number | undefined
  /** The call after whose answer somebody dies. */
  let last: StoreRequest | undefined

  function killNow(moment: Moment): void {
    const living = pid()
    calls = 0
    plan = draw(random)
    if (living === undefined || left === 0) return
    kills[moment]++
    left--
    victim = living
    kill(living)
  }

  return {
    kills,
    get sent() {
      return wanted - left
    },
    get done() {
      return left === 0
    },
    rule(request) {
      const living = pid()
      // What the dead one had sent is on its way, as it would be anywhere.
      if (left === 0 || last !== undefined || living === undefined || living === victim) return 'pass'
      if (++calls < plan.calls) return 'pass'
      const { moment } = plan
      if (moment === 'answer' || moment === 'between') last = request
      else killNow(moment)
      return moment === 'cut' ? { status: 500, body: {} } : 'pass'
    },
    onExchange({ request }) {
      if (request !== last) return
      const { moment, delayMs } = plan
      const die = () => {
        last = undefined
        killNow(moment)
      }
      if (moment === 'between') after(delayMs, die)
      else die()
    },
  }
}

function draw(random: () => number): Plan {
  const moment = moments[Math.floor(random() * moments.length)] ?? 'cut'
  return { moment, calls: 1 + Math.floor(mostCalls * random()), delayMs: random() * mostDelayMs }
}
