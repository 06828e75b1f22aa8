import { defineConfig } from 'vitest/config'
import config from './vitest.config.js'

/** Trials of the ledger on a real local store, and a long random one: for mutants too slow, and the model proves the same. */
const slow = ['store/store', 'contention', 'transact', 'units', 'honest'].map((name) => `lib/ledger/${name}.test.ts`)

/** What `npm run mutation` runs against mutants of the ledger: its own tests, but for the slow ones (docs/mutation.md). */
export default defineConfig({
  ...config,
  test: { ...config.test, include: ['lib/ledger/**/*.test.ts'], exclude: slow },
})
