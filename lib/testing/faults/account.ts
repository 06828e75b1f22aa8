import type { Attempt, Discard } from '../../local/esm/index.js'

/** What a mapping has come to so far, seen from outside of its function. */
export interface Account {
  /** Records of all invocations, those that came again counted each time. */
  readonly deliveries: number
  /** Different records. */
  readonly delivered: number
  readonly settled: number
  /** Reports in batch responses: records to be delivered again. */
  readonly reported: number
  /** Records that the mapping gave up, by its limits. */
  readonly givenUp: number
  /** Delivered records that no answer has settled, as `topic:partition:offset`, in the order of their first delivery. */
  readonly unsettled: readonly string[]
  /** Invocations by how they ended; `unreached` are those that did not come to the function. */
  readonly invocations: Readonly<Record<string, number>>
  /** What an answer said that no answer may say. */
  readonly violations: readonly string[]
}

/** Keeps the account of the mappings of a stack. */
export interface Accountant {
  onBatch(attempt: Attempt): void
  onDiscard(discard: Discard): void
  /** The topic is another one from now on: what was delivered of the old one stays counted, and its offsets begin anew. */
  recreated(topic: string): void
  readonly account: Account
}

/** Violations that are kept; more than that say nothing new. */
const mostViolations = 100

/** Starts an account. A record counts once for each mapping that reads it. */
export function accountant(): Accountant {
  const lives = new Map<string, number>()
  /** False until it is settled. */
  const records = new Map<string, boolean>()
  const invocations: Record<string, number> = {}
  const violations: string[] = []
  let [deliveries, reported, givenUp] = [0, 0, 0]

  const keyOf = (mapping: string, topic: string, id: string): string => `${mapping} ${lives.get(topic) ?? 0} ${id}`

  return {
    onBatch({ mapping, event, result, decision }) {
      const how = decision.kind === 'unreached' ? 'unreached' : (result?.kind ?? 'unreached')
      invocations[how] = (invocations[how] ?? 0) + 1
      if (result?.kind === 'ok' && decision.kind === 'failed' && violations.length < mostViolations) {
        violations.push(`${mapping}: ${decision.reason}`)
      }
      if (how === 'unreached') return
      for (const [identifier, list] of Object.entries(event.records)) {
        const failures = decision.kind === 'partial' ? decision.failures.get(identifier) : undefined
        deliveries += list.length
        reported += failures?.size ?? 0
        // What is not reported is settled, also where Lambda brings it again with what is.
        const answered = decision.kind === 'settled' || decision.kind === 'partial'
        for (const { topic, partition, offset } of list) {
          const key = keyOf(mapping, topic, `${topic}:${partition}:${offset}`)
          const isSettled = answered && !failures?.has(offset)
          records.set(key, isSettled || records.get(key) === true)
        }
      }
    },
    onDiscard(discard) {
      givenUp += discard.records.length
    },
    recreated(topic) {
      lives.set(topic, (lives.get(topic) ?? 0) + 1)
    },
    get account() {
      const unsettled = [...records].flatMap(([key, isSettled]) => (isSettled ? [] : [key.split(' ')[2] ?? key]))
      const delivered = records.size
      const settled = delivered - unsettled.length
      return { deliveries, delivered, settled, reported, givenUp, unsettled, invocations, violations }
    },
  }
}
