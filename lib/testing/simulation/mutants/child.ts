import { simulate } from '../simulate.js'

// Bundled with one planted bug, and run in a process of its own: says in one line of JSON what it found.
const [runs, seed] = process.argv.slice(2).map(Number)
const { found } = await simulate({ runs: runs ?? 0, seed: seed ?? 0, open: false, shrinks: false })
console.log(JSON.stringify(found === undefined ? {} : { at: found.at, invariant: found.invariant }))
