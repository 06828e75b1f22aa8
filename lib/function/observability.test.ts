import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { drop, fallback, hold, kafkaFunction, retry } from '../index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

const lib = fileURLToPath(new URL('../', import.meta.url))
const page = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8')
const named = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)

/** The rows of the page's table whose first column has this title, as cells. */
function rowsOf(title: string): string[][] {
  const [, rows = ''] = new RegExp(`\\n\\| ${title} \\|.*\\n\\|---.*\\n((?:\\|.*\\n)+)`).exec(page) ?? []
  return rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}

/** What of a message names it; behind the colon it explains itself. */
const nameOf = (message: string) => message.split(':')[0] ?? ''

/** Each message in the sources of what runs in a function, with its levels. */
function messagesInSources(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const folders = ['engine', 'function', 'dedupe', 'ledger', 'sink', 'kafka', 'codec', 'outcome', 'trace']
  for (const folder of folders) {
    for (const file of readdirSync(`${lib}${folder}`, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || /\.(test|fixture)\.ts$/.test(file)) continue
      const source = readFileSync(`${lib}${folder}/${file}`, 'utf8').replace(/^\s*(\/\/|\/?\*).*$/gm, '')
      // `#warned(message)` is the recorder's way to `log.warn`.
      for (const [, level = 'warn', message = ''] of source.matchAll(
        /(?:\blog(?:ger)?\.(debug|info|warn|error)|#warned)\(\s*'([^']+)'/g,
      )) {
        const name = nameOf(message)
        found.set(name, (found.get(name) ?? new Set()).add(level.toUpperCase()))
      }
    }
  }
  return found
}

it('The page names every line that a function may write, with its levels, and no other [K-15, T-19 partly]', () => {
  const documented = rowsOf('message').map(([message, levels = '']) => [
    named(message)[0],
    levels.match(/[A-Z]{4,}/g)?.sort(),
  ])
  const inSources = [...messagesInSources()].map(([name, levels]) => [name, [...levels].sort()])
  const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1)
  expect(documented.sort(byName)).toEqual(inSources.sort(byName))
})

let deployment: TestDeployment
const logs = captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'seen' })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await deployment.stop()
})

it('The page names every field and every metric of a batch in which all happens', async () => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'DEBUG')
  vi.stubEnv('AWS_LAMBDA_LOG_STREAM_NAME', '2026/11/21/[$LATEST]0123456789abcdef')
  const mapping = { topic: 'seen', group: 'g', partialResponses: true, withholds: false, retries: 1 }
  vi.stubEnv('MILLRACE_MAPPINGS', JSON.stringify([mapping]))
  const answers = [
    undefined,
    drop('d'),
    fallback('f'),
    retry('r'),
    hold({ reason: 'h', forMs: 3_600_000 }),
    undefined,
    undefined,
    'no outcome',
  ] as never[]
  const options = {
    order: 'none',
    idempotencyKey: ({ value }: { value: unknown }) => (value as { key: string }).key,
  } as const
  const handler = kafkaFunction(options, ({ offset }) => answers[offset])
  const traceparent = ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'] as const
  const record = (offset: number, key = `k${offset}`): RecordSpec => ({
    offset,
    value: { key },
    headers: [traceparent],
  })
  const deliver = (...records: RecordSpec[]) =>
    invoke(handler, kafkaEvent({ topic: 'seen', records }), { timeoutMs: 3_000 })
  await deliver(...[0, 1, 2, 3, 4].map((offset) => record(offset)), record(5, 'k0'))
  // What was settled comes again, and what was open does not.
  await deliver(record(0), record(6), { offset: 7, value: Buffer.from([0xff]) })
  await expect(deliver({ ...record(7), offset: 7, partition: 1 })).rejects.toThrow('ML_OUTCOME_UNKNOWN')

  const rows = new Map(rowsOf('message').map(([message, , , fields = '']) => [named(message)[0], fields]))
  const [, decisions = ''] = /\*\*A decision's fields\*\*: ([\s\S]*?)\. A handler/.exec(page) ?? []
  const always = ['level', 'message', 'timestamp', 'service', 'sampling_rate', 'requestId', 'worker']
  const lines = logs.all.filter((line) => 'level' in line)
  for (const line of lines) {
    const fields = rows.get(nameOf(String(line.message))) ?? ''
    const known = new Set([...always, ...named(fields)])
    if (fields.startsWith("a decision's")) for (const name of named(decisions)) known.add(name)
    if (fields.includes('the counts of all outcomes')) for (const name of metricNames()) known.add(name)
    expect(
      Object.keys(line).filter((name) => !known.has(name)),
      String(line.message),
    ).toEqual([])
  }
  // Nearly all: the scenario is worth something.
  expect(new Set(lines.map(({ message }) => nameOf(String(message))))).toEqual(
    new Set([
      'start',
      'too few retries',
      'begin',
      'drop',
      'fallback',
      'retry',
      'hold',
      'duplicate',
      'settle',
      'batch',
      'skip',
      'abandoned',
      'batch failed',
    ]),
  )
  const emitted = logs.all.flatMap((line) => ('_aws' in line ? Object.keys(line) : []))
  expect(
    emitted.filter((name) => ![...metricNames(), '_aws', 'service', 'function', 'topic', 'group'].includes(name)),
  ).toEqual([])
})

const metricNames = () => rowsOf('metric').flatMap(([metric]) => named(metric))
