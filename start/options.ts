import { show } from '../lib/errors.js'
import { optionReader } from './command.js'
import { fewestOrders } from './orders/index.js'

/** What can be broken on purpose: each makes exactly one check fail. */
export const breaks = ['ledger', 'balance', 'fallback', 'order'] as const
export type Break = (typeof breaks)[number]

/** What `npm start --` takes. */
export interface StartOptions {
  /** One JSON object on stdout, and nothing else. */
  readonly json: boolean
  readonly break: Break | undefined
  /** Records to produce; for tests of the main job itself. */
  readonly orders: number
  /** Milliseconds that the killed worker's lease lasts; for the same tests, which have no time to lose. */
  readonly leaseMs: number
  /** Takes what is packaged already, for the same tests. */
  readonly packaged: boolean
}

/** Reads the command line. @throws MillraceError `ML_USAGE` */
export function readStartOptions(args: readonly string[]): StartOptions {
  const { parse, whole, wrong } = optionReader(`npm start -- [--json] [--break ${breaks.join('|')}]`)
  const values = parse(args, {
    json: { type: 'boolean', default: false },
    break: { type: 'string' },
    orders: { type: 'string', default: '20000' },
    'lease-ms': { type: 'string', default: '10000' },
    packaged: { type: 'boolean', default: false },
  })
  const { json, break: broken, orders, packaged } = values
  if (broken !== undefined && !isBreak(broken)) throw wrong(`--break ${show(broken)} is not known`)
  return {
    json,
    break: broken,
    orders: whole('--orders', orders, fewestOrders, 1_000_000),
    leaseMs: whole('--lease-ms', values['lease-ms'], 1_000, 900_000),
    packaged,
  }
}

const isBreak = (text: string): text is Break => (breaks as readonly string[]).includes(text)
