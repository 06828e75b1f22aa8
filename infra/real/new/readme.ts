/** What becomes of a command that the README of a new service shows. */
export type Shown =
  /** It is run, and comes to this. Code: 0 unless it says another; `settles`: so many records, by its function. */
  | { readonly says: RegExp; readonly code?: number; readonly settles?: number }
  /** It runs until the end. */
  | 'dev'
  /** It is not run, and why. */
  | { readonly notRun: string }

export const isNotRun = (what: Shown | undefined): what is Extract<Shown, { notRun: string }> =>
  typeof what === 'object' && 'notRun' in what

/** Every command that the README of the new service `shop` shows. */
export const shown: Readonly<Record<string, Shown>> = {
  'npm install': { says: /added \d+ packages/ },
  'npm test': { says: /Tests\D+2 passed/ },
  'npm run dev': 'dev',
  'npx millrace produce orders --count 100 --value \'{"orderId":"{id}","customerId":"{key}","cents":100}\'': {
    says: /100/,
    settles: 100,
  },
  'npx serverless invoke local -f orders -p functions/orders/events/batch.json': { says: /"batchItemFailures": \[\]/ },
  // 1: it has found something.
  'npx millrace failures list': { code: 1, says: /orders:0:1000002 .*ML_DECODE_JSON/ },
  'npx millrace ledger show': { says: /shop-dev-orders/ },
  // There is something to see to.
  'npx millrace status': {
    code: 1,
    says: /orders +orders +shop-dev-orders +Enabled +0 .*\n.*records were given up on/,
  },
  'npm run check': { says: /nothing found/ },
  'npm run package': { says: /Service packaged/ },
  'npm run deploy': { notRun: 'needs an account' },
  'npx millrace status --stack shop-dev': { notRun: 'needs an account' },
}

/** The commands in the blocks of a README, without what is said of them. */
export function commandsIn(readme: string): string[] {
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block)
  return blocks.flatMap((block) => block.split('\n')).flatMap((line) => line.replace(/\s+#.*$/, '').trim() || [])
}
