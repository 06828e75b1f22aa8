import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median } from '../measure/rounds.js'
import { type Result, result, type SuiteOptions } from '../result.js'
import { fill } from './records.js'

const root = new URL('../../../', import.meta.url)
const inRoot = (path: string): string => fileURLToPath(new URL(path, root))

const yaml = `
service: bench
plugins: [serverless-esbuild, ./dist/infra/plugin.js]
package: { individually: true }
provider: { name: aws, runtime: nodejs22.x, region: eu-west-1 }
custom:
  esbuild: { bundle: true, format: cjs, outputFileExtension: .cjs, sourcemap: linked, skipRebuild: true }
functions:
  orders:
    handler: handler.handler
    events:
      - kafka:
          topic: orders
          bootstrapServers: 127.0.0.1:9092
          consumerGroupId: orders
          maximumBatchingWindow: 0
          provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1 }
`

const handler = (text: string): string => `import { json, kafkaFunction } from './dist/lib/index.js'

export const handler = kafkaFunction({ value: json() }, () => console.log(${JSON.stringify(text)}))
`

/** How long \`millrace dev\` takes to its first settled record, and a saved handler to its first batch. Not judged. */
export async function dev({ rounds, smoke }: SuiteOptions): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const times = { start: [] as number[], save: [] as number[] }
  try {
    for (const name of ['node_modules', 'dist']) await symlink(inRoot(name), join(folder, name))
    await writeFile(join(folder, 'serverless.yml'), yaml)
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    for (let round = 0; round < (smoke ? 1 : Math.min(rounds, 5)); round++) {
      await writeFile(join(folder, 'handler.ts'), handler('as packaged'))
      const took = await oneLife(folder)
      times.start.push(took.start)
      times.save.push(...took.save)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  const line = (name: string, all: readonly number[]) =>
    result({ name: `local: ${name}`, unit: 'ms', ours: median(all), peer: Number.NaN, goal: null, bound: 'at most' })
  return [
    line('from `millrace dev`, packaging included, to the first settled record', times.start),
    line('from saving a handler to the end of the first batch that it takes', times.save),
  ]
}

interface Line {
  readonly event: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly decision?: string
  readonly version?: number
  readonly brokers?: string[]
}

/** Starts it, saves the handler three times, stops it. */
async function oneLife(folder: string): Promise<{ readonly start: number; readonly save: readonly number[] }> {
  const began = Date.now()
  const args = [inRoot('dist/lib/cli/main.js'), 'dev', '--json', '--broker-port', '0', '--dynamodb-port', '0']
  const { KAFKA_BROKERS: _, AWS_ENDPOINT_URL_DYNAMODB: __, AWS_ENDPOINT_URL: ___, ...env } = process.env
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines = linesOf(child)
  try {
    const { brokers = [] } = await lines.first(({ event }) => event === 'listening')
    const taken = async (after: number, patienceMs: number): Promise<Line | undefined> => {
      const isTaken = (line: Line) =>
        line.event === 'batch' && line.decision === 'settled' && (line.version ?? 1) > after
      const deadline = Date.now() + patienceMs
      for (;;) {
        const line = lines.find(isTaken)
        if (line !== undefined || Date.now() > deadline) return line
        await fill(brokers, 'orders', 4, 1)
        await delay(20)
      }
    }
    const first = await taken(0, 60_000)
    if (first === undefined) throw new Error('no record was settled within a minute')
    const save: number[] = []
    for (let version = first.version ?? 1, tries = 0; save.length < 3; tries++) {
      if (tries > 10) throw new Error('millrace dev does not take what is saved')
      const saved = Date.now()
      await writeFile(join(folder, 'handler.ts'), handler(`saved ${tries}`))
      // It may not be watching yet; then this one does not count.
      const line = await taken(version, 5_000)
      if (line === undefined) continue
      save.push(line.at - saved)
      version = line.version ?? version
    }
    return { start: first.at - began, save }
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGINT')
      await once(child, 'exit')
    }
  }
}

/** What a command says with `--json`. */
function linesOf(child: ChildProcess) {
  const said: Line[] = []
  let errors = ''
  let changed = (): void => undefined
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(JSON.parse(line))
      changed()
    })
  }
  child.once('exit', () => changed())
  const find = (wanted: (line: Line) => boolean): Line | undefined => said.find(wanted)
  return {
    find,
    async first(wanted: (line: Line) => boolean): Promise<Line> {
      for (;;) {
        const found = find(wanted)
        if (found) return found
        if (child.exitCode !== null) throw new Error(`millrace dev ended with ${child.exitCode}\n${errors}`)
        await new Promise<void>((resolve) => {
          changed = resolve
        })
      }
    },
  }
}
