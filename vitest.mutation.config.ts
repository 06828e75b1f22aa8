import { defineConfig } from 'vitest/config'
import config from './vitest.config.js'

/** What `npm run mutation` runs against mutants of the ledger: the ledger's own tests. */
export default defineConfig({ ...config, test: { ...config.test, include: ['lib/ledger/**/*.test.ts'] } })
