import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitsIn } from './exits.js'
import { findingOf } from './subject.fixture.js'

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-exits-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

let folders = 0
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  folders += 1
  const dir = join(home, String(folders))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  return dir
}
const exitsOf = async (code: string) => exitsIn(await folderOf({ 'fn.cjs': code }))
const calls = async (code: string) => (await exitsOf(code)).map(({ call }) => call)

describe('What ends a process in the code of a function [T-05 partly]', () => {
  it.each([
    ['process.exit(1)', 'process.exit'],
    ['if (x) process . exit ( )', 'process.exit'],
    ['process?.exit?.(1)', 'process?.exit'],
    ['globalThis.process.exit(1)', 'globalThis.process.exit'],
    ['process.abort()', 'process.abort'],
    ['process.kill(process.pid, "SIGKILL")', 'process.kill'],
    ['(0, import_node_process.exit)(2)', 'import_node_process.exit'],
    ['const a = b / c; process.exit(1) / 2', 'process.exit'],
    ['f(/[\'"`]/); process.exit(1); g(/`/)', 'process.exit'],
  ])('is %s', async (code, call) => {
    expect(await calls(code)).toEqual([call])
  })

  it.each([
    '// process.exit(1)',
    '/* process.exit(1)\n process.exit(1) */',
    `log('call process.exit(1)', "it's process.exit(1)", \`process.exit(1)\`)`,
    'x.replace(/process.exit(1)/, y)',
    'my.process.exit(1)',
    'subprocess.exit(1)',
    'process.exitCode = 1',
    'process.on("exit", f)',
    'process.kill(child.pid)',
    "process.kill(process.pid, 'SIGTERM')",
  ])('is not %s', async (code) => {
    expect(await calls(code)).toEqual([])
  })

  it('is named by the line of its source, and by its package, where the bundle has a source map', async () => {
    const dir = await folderOf({
      'src/handler.ts': `import { give } from 'up'\nexport const handler = () => {\n  give()\n  process.exit(1)\n}`,
      'node_modules/up/package.json': '{"main":"lib/up.js"}',
      'node_modules/up/lib/up.js': 'exports.give = () => {\n  process.abort()\n}',
    })
    const entryPoints = [join(dir, 'src/handler.ts')]
    const outfile = join(dir, 'out/src/handler.cjs')
    await build({
      entryPoints,
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      sourcemap: 'linked',
      logLevel: 'error',
    })
    expect(await exitsIn(join(dir, 'out'))).toEqual([
      { call: 'process.abort', place: 'lib/up.js:2', module: 'up' },
      { call: 'process.exit', place: expect.stringMatching(/src\/handler\.ts:4$/) },
    ])
  })

  it('is named by the line of the code where there is no map, and is not sought in modules that are not bundled', async () => {
    const dir = await folderOf({
      'fn.js': '\nprocess.exit()',
      'node_modules/a/i.js': 'process.exit()',
      'a.txt': 'process.exit()',
    })
    expect(await exitsIn(dir)).toEqual([{ call: 'process.exit', place: 'fn.js:2' }])
  })

  it('is warned of, each place up to the fifth', async () => {
    const exits = Array.from({ length: 7 }, (_, i) => ({ call: 'process.exit', place: `src/a.ts:${i}` }))
    const [own] = exits
    const text = await findingOf({ exits: [{ call: 'process.abort', place: 'up.js:2', module: 'up' }, ...exits] })
    expect(own).toBeDefined()
    expect(text).toMatch(
      /^ML_CHECK_EXIT: its code has process.abort at up.js:2 of the package up, process.exit at src\/a.ts:0, .*, and 3 more: /,
    )
  })
})
