// node count.cjs KIND REPORT FAILED: prints how much of a report passed and failed, and appends to the file FAILED a line for
// each failure that the report names: tests, checks, cases, planted bugs.
const { appendFileSync, readFileSync } = require('node:fs')

const [, , kind, path, failedPath] = process.argv
const one = (ok) => (ok ? [1, 0] : [0, 1])
const counts = {
  tests: (r) => [r.numPassedTests, r.numFailedTests],
  'main job': (r) => [true, false].map((ok) => r.checks.filter((check) => check.ok === ok).length),
  simulation: (r) => one(r.runs === 10_000 && r.found === undefined),
  'planted bugs': (r) => [r.mutants.length - r.survivors, r.survivors],
  fuzz: (r) => {
    const failed = [r.broker, r.functions].filter(({ failures }) => failures.length > 0).length
    return [2 - failed, failed]
  },
  // That they run and that each side does its job; figures are for machines that have nothing else to do.
  benchmarks: (r) => one(r.results.length >= 20),
  // It is started where what it needs is there, so it has to run.
  lane: (r) => (r.skipped === undefined && r.passed > 0 ? [r.passed, r.failed] : [0, 1]),
}

const r = JSON.parse(readFileSync(path, 'utf8'))
const [passed, failed] = counts[kind](r)
if (!(passed >= 0 && failed >= 0)) throw new Error(`no counts in ${path}`)
if (failed > 0) appendFileSync(failedPath, named(r).map(line).join(''))
console.log(passed, failed)

function named({ testResults = [], checks = [], parts = [], mutants = [], broker, functions }) {
  return [
    ...testResults.flatMap(inFile),
    ...checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`),
    ...parts.flatMap(({ name, failures }) => failures.map((failure) => `${name}: ${failure}`)),
    ...mutants.filter(({ foundAt }) => foundAt === undefined).map(({ name }) => `not found: ${name}`),
    ...[broker, functions].flatMap((one) => one?.failures ?? []),
  ]
}

function inFile({ name, status, message, assertionResults }) {
  // A file that could not be read has no tests to name.
  if (assertionResults.length === 0 && status === 'failed') return [`${name}: ${message}`]
  return assertionResults
    .filter((test) => test.status === 'failed')
    .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages?.[0]}`)
}

function line(text) {
  return `  ${String(text).replace(/\s+/g, ' ').slice(0, 300)}\n`
}
