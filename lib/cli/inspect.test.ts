import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { gone, millrace, produce } from './cli.fixture.js'
import { inspectorSession, type Session } from './inspector.fixture.js'
import { sourceService } from './source-service.fixture.js'

interface Script {
  readonly url: string
  readonly sourceMapURL: string
}

const soon = { timeout: 30_000, interval: 50 }

const paused = ({ events }: Session) => events.find(({ method }) => method === 'Debugger.paused')

/** Where a line of a source is in the bundle that the process runs, the way a debugger finds it: by the source map alone. */
function placeOf({ url, sourceMapURL }: Script, source: string, lineNumber: number) {
  const file = fileURLToPath(url)
  const map = new SourceMap(JSON.parse(readFileSync(join(dirname(file), sourceMapURL), 'utf8')))
  for (let line = 0; line < readFileSync(file, 'utf8').split('\n').length; line++) {
    const entry = map.findEntry(line, 2)
    if (!('originalSource' in entry) || entry.originalLine !== lineNumber) continue
    if (resolve(dirname(file), entry.originalSource) === source) return { url, lineNumber: line }
  }
  throw new Error(`${source}:${lineNumber + 1} is not in ${file}`)
}

it(
  'stops at a breakpoint in the TypeScript source, for longer than the function may take',
  { timeout: 120_000 },
  async () => {
    const service = sourceService()
    service.write('serverless.yml', service.read('serverless.yml').replace('timeout: 5', 'timeout: 1'))
    const args = ['dev', '--json', '--inspect', '0', '--broker-port', '0', '--dynamodb-port', '0']
    const running = millrace(args, service.dir)
    try {
      const { brokers } = await running.line<{ brokers: string[] }>('listening')
      const { url, pid } = await running.line<{ url: string; pid: number }>('inspector')
      expect(new URL(url).hostname).toBe('127.0.0.1')
      const session = await inspectorSession(url)
      await session.send('Debugger.enable')
      const script = () =>
        session.events
          .map(({ params }) => params as unknown as Script)
          .find((one) => one.url?.endsWith('src/handler.cjs'))
      await expect.poll(script, soon).toBeDefined()
      const source = join(service.dir, 'src/handler.ts')
      const line = service
        .read('src/handler.ts')
        .split('\n')
        .findIndex((text) => text.includes("'done '"))
      const place = placeOf(script() as Script, source, line)
      const { breakpointId } = await session.send('Debugger.setBreakpointByUrl', { ...place, columnNumber: 2 })
      await produce(brokers, 'greetings', ['0'])
      await expect.poll(() => paused(session), soon).toBeDefined()
      expect(paused(session)?.params).toMatchObject({ hitBreakpoints: [breakpointId] })
      const since = Date.now()
      await expect.poll(() => Date.now() - since, soon).toBeGreaterThan(1500)
      await session.send('Debugger.resume')
      const batch = await running.line<{ durationMs: number }>('batch')
      expect(batch).toMatchObject({ decision: 'settled', attempt: 1 })
      expect(batch.durationMs).toBeGreaterThan(1500)
      session.close()
      running.ctrlC()
      expect(await running.ended).toBe(0)
      await gone(pid)
    } finally {
      running.child.kill('SIGKILL')
      await running.ended
      service.remove()
    }
  },
)
