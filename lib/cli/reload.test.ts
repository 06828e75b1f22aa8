import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gone, millrace, produce, type Running } from './cli.fixture.js'
import { type SourceService, sourceService } from './source-service.fixture.js'

interface Line {
  readonly event: string
  readonly at: number
  readonly line?: string
  readonly version?: number
  readonly decision?: string
  readonly errors?: readonly string[]
}

const soon = { timeout: 30_000, interval: 50 }

/** Packages, starts, bundles and checks of types: on busy processors all of it takes longer. */
describe('millrace dev, when a source is saved', { timeout: 120_000 }, () => {
  let running: Running
  let service: SourceService
  let brokers: readonly string[]
  /** Lines before the test that runs. */
  let before = 0

  beforeAll(async () => {
    service = sourceService()
    running = millrace(['dev', '--json', '--broker-port', '0', '--dynamodb-port', '0'], service.dir)
    brokers = (await running.line<{ brokers: string[] }>('listening')).brokers
  }, 120_000)
  afterAll(async () => {
    running.child.kill('SIGKILL')
    await running.ended
    service.remove()
  })

  const send = (waitMs = 0): Promise<void> => produce(brokers, 'greetings', [String(waitMs)])
  const said = (event: string): Line[] =>
    running
      .lines<Line>()
      .slice(before)
      .filter((line) => line.event === event)
  const first = async (event: string): Promise<Line> => {
    await expect.poll(() => said(event)[0], soon).toBeDefined()
    return said(event)[0] as Line
  }
  const spoken = (): (string | undefined)[] => said('function').map(({ line }) => line)
  /** Looks only at what is said from now on. */
  const anew = (): void => {
    before = running.lines().length
  }

  it('takes the new code for the next batch, while the one in flight finishes on the old', async () => {
    await send(2000)
    await expect.poll(spoken, soon).toContain('begun hello')
    service.write('src/greeting.ts', "export const greeting = 'good day'\n")
    const { version, at } = await first('reloaded')
    expect(version).toBe(2)
    await send()
    await expect.poll(() => said('batch').length, soon).toBe(2)
    expect(spoken()).toEqual(['begun hello', 'done hello', 'begun good day', 'done good day'])
    const [old, fresh] = said('batch')
    expect([old, fresh]).toMatchObject([
      { version: 1, decision: 'settled' },
      { version: 2, decision: 'settled' },
    ])
    expect(old?.at).toBeGreaterThan(at)
  })

  it('goes on with the code it has while a bundle fails, and says where; also when saved by renaming', async () => {
    anew()
    const own = service.read('src/handler.ts')
    service.replace('src/handler.ts', own.replace("'./greeting.js'", "'./deeper/greeting.js'"))
    const { errors } = await first('reload-failed')
    expect(errors).toEqual([expect.stringMatching(/^src\/handler\.ts:1:\d+: Could not resolve/)])
    await send()
    await expect.poll(spoken, soon).toContain('done good day')
    // What mends it is a file that no bundle knew, in a folder that was not there.
    service.write('src/deeper/greeting.ts', "export const greeting = 'from below'\n")
    await first('reloaded')
    service.replace('src/deeper/greeting.ts', "export const greeting = 'from below again'\n")
    await expect.poll(() => said('reloaded').length, soon).toBe(2)
    await send()
    await expect.poll(spoken, soon).toContain('done from below again')
    expect(said('batch').every(({ decision }) => decision === 'settled')).toBe(true)
  })

  it('shows a type error with its place, and runs the code', async () => {
    anew()
    service.write('src/deeper/greeting.ts', 'export const greeting: string = 7\n')
    const { errors } = await first('types')
    expect(errors).toEqual([expect.stringMatching(/^src\/deeper\/greeting\.ts:1:14: error TS2322/)])
    await send()
    await expect.poll(spoken, soon).toContain('done 7')
    service.write('src/deeper/greeting.ts', "export const greeting = 'mended'\n")
    await expect.poll(() => said('types').at(-1)?.errors, soon).toEqual([])
  })

  it('packages again when serverless.yml is saved, on the same broker; a broken one is refused and stops nothing', async () => {
    anew()
    const own = service.read('serverless.yml')
    service.write('serverless.yml', own.replace('handler: src/handler.handler', 'handler: []'))
    expect(await first('refused')).toMatchObject({
      stopped: false,
      message: expect.stringContaining('ML_LOCAL_TEMPLATE'),
    })
    await send()
    await expect.poll(() => said('batch').length, soon).toBe(1)
    service.write('serverless.yml', own.replace('timeout: 5', 'timeout: 6'))
    await first('listening')
    await send()
    // One record each: nothing that was settled came again.
    await expect.poll(() => said('batch'), soon).toMatchObject([{ records: 1 }, { records: 1 }])
    expect(spoken().at(-1)).toBe('done mended')
  })

  it('ends with 0, and leaves nothing, when it is told to while it takes what was saved [R-41 partly]', async () => {
    anew()
    service.write('src/deeper/greeting.ts', "export const greeting = 'late'\n")
    service.write('serverless.yml', `${service.read('serverless.yml')}\n`)
    await first('configuration')
    const children = running.descendants()
    // The store, the function, the bundler, and serverless at its work.
    expect(children.length).toBeGreaterThan(3)
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(running.output.stderr).toBe('')
    await Promise.all(children.map(gone))
  })
})

it('millrace dev says that types are not checked where there is nothing to check them by', async () => {
  const service = sourceService()
  rmSync(join(service.dir, 'tsconfig.json'))
  const running = millrace(['dev', '--json', '--broker-port', '0', '--dynamodb-port', '0'], service.dir)
  try {
    await running.line('listening')
    expect(await running.line('unchecked')).toMatchObject({ reason: expect.stringContaining('no tsconfig.json') })
    running.ctrlC()
    expect(await running.ended).toBe(0)
  } finally {
    running.child.kill('SIGKILL')
    service.remove()
  }
}, 120_000)

it('takes what was saved while millrace dev bundled its sources for the first time', { timeout: 120_000 }, async () => {
  const service = sourceService()
  // Saves in the moment when the first bundle is made, in the process that watches.
  service.write(
    'plugins.cjs',
    `let saved = !process.argv.includes('dev')
    module.exports = [{
      name: 'saving',
      setup: (build) => build.onEnd(() => {
        if (saved) return
        saved = true
        require('node:fs').writeFileSync('src/greeting.ts', "export const greeting = 'meanwhile'")
      }),
    }]`,
  )
  service.write(
    'serverless.yml',
    service.read('serverless.yml').replace('skipRebuild: true', 'skipRebuild: true, plugins: plugins.cjs'),
  )
  const running = millrace(['dev', '--json', '--broker-port', '0', '--dynamodb-port', '0'], service.dir)
  try {
    const { brokers } = await running.line<{ brokers: string[] }>('listening')
    await running.line('reloaded')
    await produce(brokers, 'greetings', ['0'])
    await expect.poll(() => running.lines<Line>().map(({ line }) => line), soon).toContain('begun meanwhile')
  } finally {
    running.child.kill('SIGKILL')
    await running.ended
    service.remove()
  }
})
