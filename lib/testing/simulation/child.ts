import { type SimulateOptions, simulate } from './simulate.js'

// Runs in a process of its own, perhaps bundled with a planted bug: takes its options as JSON, and answers in one line of it.
const options = JSON.parse(process.argv[2] ?? '') as SimulateOptions
console.log(JSON.stringify(await simulate(options)))
