import { MillraceError } from '../../errors.js'
import {
  itemKey,
  type LedgerStore,
  type Swap,
  type SwapResult,
  type Transaction,
  type TransactResult,
} from '../../ledger/store/index.js'
import { type Environment, never } from './environment.js'
import type { Simulation } from './simulation.js'

/** What befalls a write on its way. All but `fine` are faults. */
const fates = ['throttled', 'lost before', 'lost after', 'late', 'repeated', 'refused before', 'refused after'] as const
type Fate = 'fine' | (typeof fates)[number]

const cause = new MillraceError('ML_STORE_UNREACHABLE', 'the answer was lost')
const refusal = () => new MillraceError('ML_STORE_FAILED', 'DynamoDB refused the call')
/** Items under other sort keys are former incarnations, put aside as they were. */
const { sk: ledgerSk } = itemKey('', '', 0)
const lost = { kind: 'lost', cause } as const

/**
 * The tables as one environment reaches them: requests take their time, are throttled, time out before or after they are
 * applied, land late (the caller may have given up or died by then), are sent twice by the SDK, or are refused.
 */
export function storeOf(simulation: Simulation, env: Environment): LedgerStore {
  const { choices, scheduler, tables, faults, history, world } = simulation
  const latency = () => choices.below('time', 4)

  /** Serves a request at the table, whether or not its environment lives on, and answers it there if it does. */
  function request<T>(serve: () => T): Promise<T> {
    if (env.dead) return never()
    return new Promise((resolve, reject) => {
      scheduler.after(latency(), () => {
        // A request of the dead is under way, or was never sent.
        if (env.dead && choices.oneIn('fault', 2)) return
        try {
          const answer = serve()
          env.later(latency(), () => answer).then(resolve, reject)
        } catch (error) {
          env.later(latency(), () => Promise.reject(error)).catch(reject)
        }
      })
    })
  }

  /** A fault strikes the call; or the table is throttled for longer. */
  function fatesOfCall(): () => Fate {
    if (scheduler.now < faults.throttledUntil) return () => (choices.oneIn('fault', 4) ? 'lost after' : 'throttled')
    if (!faults.strikes()) return () => 'fine'
    return () => (choices.oneIn('fault', 3) ? 'fine' : choices.pick('fault', fates))
  }

  /** Applies a write with its fate. A late one is applied when nobody waits for it any more. */
  function apply<T>(write: () => T, fate: Fate, what: string): T | typeof lost {
    if (fate !== 'fine') history.note(() => `${env.name} store: ${what} ${fate}`)
    switch (fate) {
      case 'fine':
        return write()
      case 'repeated':
        write()
        return write()
      case 'lost after':
        write()
        return lost
      case 'late':
        scheduler.after((1 + choices.below('time', 40)) * (world.leaseMs / 10), write)
        return lost
      case 'refused after':
        write()
        throw refusal()
      case 'refused before':
        throw refusal()
      default:
        return lost
    }
  }

  const isMarker = ({ key, item }: Swap) => key.sk === ledgerSk && item.state.claim?.marker != null
  /** Open by design: a marker that lands after its invocation died counts one death too many. */
  const tooLate = (swaps: readonly Swap[]) => !world.open && swaps.some(isMarker) && !history.isUnderWay(swaps)

  function swapOne(swap: Swap): SwapResult {
    if (tooLate([swap])) return lost
    const result = tables.swap(swap)
    history.note(() => `${env.name} store: ${swap.item.writeId} ${result.kind} ${history.show(swap)}`)
    // The old item comes with a failed condition, or does not.
    if (result.kind !== 'conflict' || !choices.oneIn('time', 3)) return result
    return { kind: 'conflict', item: undefined }
  }

  function transactAll(transaction: Transaction): TransactResult {
    if (tooLate(transaction.swaps)) return lost
    const result = tables.transact(transaction)
    history.note(() => `${env.name} store: transaction ${transaction.swaps.map(history.show)} ${result.kind}`)
    return result
  }

  return {
    usage: { calls: 0, readUnits: 0, writeUnits: 0, conflicts: 0 },
    load(keys) {
      const fails = faults.strikes()
      if (fails) history.note(() => `${env.name} store: load fails`)
      return request(() => {
        if (fails) throw refusal()
        return keys.map((key) => tables.load(key))
      })
    },
    swap(swaps) {
      const fateOf = fatesOfCall()
      return request(() => {
        let refused: unknown
        const results = swaps.map((swap): SwapResult => {
          try {
            return apply(() => swapOne(swap), fateOf(), swap.item.writeId)
          } catch (error) {
            refused = error
            return lost
          }
        })
        if (refused !== undefined) throw refused
        return results
      })
    },
    transact(transaction) {
      const fate = fatesOfCall()()
      return request(() => {
        if (fate === 'throttled') return { kind: 'contended', cause }
        if (fate === 'refused before') return { kind: 'denied', cause: refusal() }
        return apply(() => transactAll(transaction), fate, `transaction ${transaction.token}`)
      })
    },
  }
}
