import { suites } from './suites/index.js'

const [name = '', options = '{}'] = process.argv.slice(2)

const suite = suites[name]
if (suite === undefined) throw new Error(`there is no suite ${name}`)

// Never outlives the process that asked.
const alone = () => process.exit(1)
process.on('disconnect', alone)
const results = await suite(JSON.parse(options))
process.off('disconnect', alone)
process.send?.(results, () => process.exit(0))
