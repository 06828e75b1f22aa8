import { createRequire } from 'node:module'
import { lambdaContext } from '../sides/side.js'

const [bundle = '', event = ''] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const context = lambdaContext()
const parsed = JSON.parse(event)

// From here on it is what Lambda does with a new environment: load the bundle, and hand it its first event.
const start = performance.now()
const { handler } = require(bundle)
const answer = await handler(parsed, context)
const ms = performance.now() - start

process.send?.({ ms, failures: answer?.batchItemFailures?.length ?? 0 })
