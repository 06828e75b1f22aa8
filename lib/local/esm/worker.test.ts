import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { startWorker, type Worker } from '../worker/index.js'
import { compileRuntime } from '../worker/runtime.fixture.js'
import { broker, committed, mapping, numbered, produce } from './mapping.fixture.js'

let dir: string
let worker: Worker

beforeAll(compileRuntime)

afterEach(async () => {
  await worker.stop()
  await rm(dir, { recursive: true, force: true })
})

async function start(source: string, log: (line: string) => void): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'millrace-esm-'))
  await writeFile(join(dir, 'handler.cjs'), source)
  const environment = { SUICIDE_NOTE: join(dir, 'note') }
  worker = startWorker({
    functionName: 'orders',
    handler: 'handler.handler',
    dir,
    environment,
    timeoutMs: 2_000,
    memoryMb: 128,
    log,
  })
}

/** Reports offset 1 once, hangs once at a record of partition 1, and dies once: each leaves a note first. */
const troubled = `
const { existsSync, writeFileSync } = require('node:fs')
const once = (what) => {
  const note = process.env.SUICIDE_NOTE + what
  if (existsSync(note)) return false
  writeFileSync(note, '')
  return true
}
exports.handler = async ({ records }) => {
  if (once('die')) process.kill(process.pid, 'SIGKILL')
  if (once('hang')) while (true) {}
  for (const list of Object.values(records)) for (const { partition, offset } of list) console.log(partition + ':' + offset)
  if (once('report')) return { batchItemFailures: [{ itemIdentifier: { partition: 'orders-0', offset: 1 } }] }
}`

it('feeds a real process, and brings everything again that died, hung or was reported', async () => {
  const on = await broker()
  await produce(on, [...numbered(3, 0), ...numbered(2, 1)])
  const lines: string[] = []
  await start(troubled, (line) => lines.push(line))
  const running = await mapping(on, (event) => worker.invoke(event))
  await running.idle()
  expect(running.history.map(({ kind, decision }) => [kind, decision])).toEqual([
    ['crash', 'failed'],
    ['timeout', 'failed'],
    ['ok', 'partial'],
    ['ok', 'settled'],
  ])
  await worker.stop()
  expect(lines).toEqual(['0:0', '0:1', '0:2', '1:0', '1:1', '0:1', '0:2'])
  expect(await committed(on)).toEqual({ 0: 3, 1: 2 })
})
