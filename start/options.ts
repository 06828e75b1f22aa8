import { parseArgs } from 'node:util'
import { MillraceError, show } from '../lib/errors.js'
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
}

/** Reads the command line. @throws MillraceError `ML_USAGE` */
export function readStartOptions(args: readonly string[]): StartOptions {
  const { json, break: broken, orders } = parse(args)
  if (broken !== undefined && !isBreak(broken)) throw usage(`--break ${show(broken)} is not known`)
  const count = Number(orders)
  if (!Number.isInteger(count) || count < fewestOrders || count > 1_000_000) {
    throw usage(`--orders ${show(orders)} is not a whole number from ${fewestOrders} to 1000000`)
  }
  return { json, break: broken, orders: count }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        break: { type: 'string' },
        orders: { type: 'string', default: '20000' },
      },
    })
    return values
  } catch (cause) {
    throw usage((cause as Error).message, cause)
  }
}

const isBreak = (text: string): text is Break => (breaks as readonly string[]).includes(text)

const usage = (what: string, cause?: unknown) =>
  new MillraceError('ML_USAGE', `${what}; use: npm start -- [--json] [--break ${breaks.join('|')}]`, { cause })
