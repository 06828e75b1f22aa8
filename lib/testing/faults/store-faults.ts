import type { StoreRule } from './store-proxy.js'

/**
 * What can be wrong with a store for a while: it refuses (`throttle`), it is slow (`timeout`), or what it answers gets lost, after
 * it did what it was asked (`lose`).
 */
export const storeFaultKinds = ['throttle', 'timeout', 'lose'] as const
/** One of {@link storeFaultKinds}. */
export type StoreFaultKind = (typeof storeFaultKinds)[number]

/** A fault of the store that passes. */
export interface StoreFault {
  readonly kind: StoreFaultKind
  /** How long it lasts, in milliseconds. */
  readonly ms: number
  /** The fraction of the requests that it hits, above 0 to 1. Default 1. */
  readonly share?: number
}

/** Faults of a store by time, as a rule of its proxy. */
export interface StoreFaults {
  readonly rule: StoreRule
  /** Begins now; a fault of the same kind that lasts is replaced. */
  begin(fault: StoreFault): void
  /** Ends all that last. */
  end(): void
}

/** How long a slow store takes for a request, in milliseconds. */
const slowMs = 1_500

const throttled = {
  status: 400,
  body: {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'a fault on purpose: the table takes no more for now',
  },
}

export function storeFaults(random: () => number, now: () => number = Date.now): StoreFaults {
  const lasting = new Map<StoreFaultKind, { readonly until: number; readonly share: number }>()

  const hits = (kind: StoreFaultKind): boolean => {
    const fault = lasting.get(kind)
    return fault !== undefined && now() < fault.until && random() < fault.share
  }
  return {
    rule() {
      if (hits('throttle')) return throttled
      const [lose, slow] = [hits('lose'), hits('timeout')]
      if (!lose && !slow) return 'pass'
      return { ...(lose && { lost: 'answer' as const }), delayMs: slow ? slowMs : 0 }
    },
    begin({ kind, ms, share = 1 }) {
      lasting.set(kind, { until: now() + ms, share })
    },
    end() {
      lasting.clear()
    },
  }
}
