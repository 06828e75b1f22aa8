import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { run } from '../program.js'
import { ownPackage } from './manifest.js'
import { specOf } from './spec.js'

const before = process.cwd()
let home = ''
let said = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'millrace-new-'))
  process.chdir(home)
  said = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += text
      return true
    })
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  process.chdir(before)
  rmSync(home, { recursive: true })
})

const read = (path: string) => readFileSync(join(home, path), 'utf8')
const write = (path: string, text = '') => {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), text)
}

describe('millrace new', () => {
  it('makes a service of the name, and says what comes next', async () => {
    expect(await run(['new', 'shop'])).toBe(0)
    expect(said).toBe('shop is made; what comes next:\n  cd shop\n  npm install\n  npm test\n  npm run dev\n')
    expect(readdirSync(join(home, 'shop')).sort()).toEqual([
      ...['.gitignore', 'README.md', 'esbuild.config.mjs', 'functions', 'package.json', 'serverless.yml'],
      ...['tsconfig.json', 'vitest.config.ts'],
    ])
    expect(parse(read('shop/serverless.yml'))).toMatchObject({
      service: 'shop',
      plugins: ['serverless-esbuild', 'millrace/plugin'],
      functions: { orders: { handler: 'functions/orders/handler.handler' } },
    })
    expect(read('shop/README.md')).toMatch(/^# shop\n/)
    expect(read('shop/README.md')).not.toContain('new-service')
  })

  it('says the same to programs', async () => {
    expect(await run(['new', 'shop', '--json'])).toBe(0)
    expect(JSON.parse(said)).toMatchObject({
      event: 'created',
      service: 'shop',
      folder: expect.stringMatching(/shop$/),
      files: expect.arrayContaining(['.gitignore', 'functions/orders/events/batch.json', 'package.json']),
      next: ['cd shop', 'npm install', 'npm test', 'npm run dev'],
    })
  })

  it('pins every dependency at the version that millrace itself is tested with', async () => {
    await run(['new', 'Shop', '--millrace', '1.2.3'])
    const { name, dependencies, devDependencies } = JSON.parse(read('Shop/package.json'))
    expect(name).toBe('shop')
    expect(dependencies.millrace).toBe('1.2.3')
    const { manifest } = ownPackage()
    const { millrace: _, ...others } = { ...dependencies, ...devDependencies }
    expect({ ...manifest.devDependencies, ...manifest.dependencies }).toMatchObject(others)
    expect(Object.keys(others)).toHaveLength(9)
  })

  it('takes a folder that is empty but for its git', async () => {
    write('shop/.git/HEAD')
    expect(await run(['new', 'shop'])).toBe(0)
  })

  it('refuses a folder that holds something, and leaves it as it is', async () => {
    write('shop/notes.md', 'mine')
    expect(await run(['new', 'shop'])).toBe(1)
    expect(said).toMatch(/^ML_NEW_REFUSED: the folder shop is not empty: there is notes\.md; give another name/)
    expect(readdirSync(join(home, 'shop'))).toEqual(['notes.md'])
  })

  it('refuses what is no folder', async () => {
    write('shop')
    expect(await run(['new', 'shop'])).toBe(1)
    expect(said).toMatch(/^ML_NEW_REFUSED: shop is there and is no folder/)
  })

  it.each([
    '1st',
    's',
    'my_shop',
    'a/b',
    '..',
    'x'.repeat(33),
    '',
  ])('refuses "%s" as the name of a service', async (name) => {
    expect(await run(['new', name])).toBe(2)
    expect(said).toMatch(/^ML_USAGE: .*letters, digits and dashes.*; see `millrace new --help`/)
    expect(readdirSync(home)).toEqual([])
  })
})

describe('What a new service depends on is', () => {
  const installed = (resolved?: string) => {
    write(
      'its/node_modules/.package-lock.json',
      JSON.stringify({ packages: { 'node_modules/millrace': { resolved } } }),
    )
    return { root: join(home, 'its/node_modules/millrace'), manifest: { name: 'millrace', version: '0.7.0' } }
  }
  const to = () => join(home, 'here/shop')

  it.each([
    ['the version, of what came from a registry', 'https://registry.example/millrace-0.7.0.tgz', '0.7.0'],
    ['the version, where npm noted nothing', undefined, '0.7.0'],
    ['the tarball that it came from', 'file:../got/millrace-0.7.0.tgz', 'file:../../got/millrace-0.7.0.tgz'],
    [
      'the commit that it came from',
      'git+ssh://git@host.example/millrace.git#a1b2',
      'git+ssh://git@host.example/millrace.git#a1b2',
    ],
  ])('%s', (_, resolved, spec) => {
    expect(specOf(undefined, installed(resolved), to())).toBe(spec)
  })

  it('the version, where another program than npm installed it', () => {
    const own = { root: join(home, 'node_modules/millrace'), manifest: { name: 'millrace', version: '0.7.0' } }
    expect(specOf(undefined, own, to())).toBe('0.7.0')
  })

  it('the checkout that the command runs in', () => {
    const own = ownPackage()
    expect(specOf(undefined, own, to())).toBe(`file:${relative(to(), own.root)}`)
  })

  it('what is asked for: a path from here, or what npm takes', () => {
    write('got.tgz')
    const asked = (spec: string) => specOf(spec, ownPackage(), to())
    expect([
      asked('got.tgz'),
      asked('./got.tgz'),
      asked('file:got.tgz'),
      asked(join(process.cwd(), 'got.tgz')),
    ]).toEqual(Array(4).fill('file:../../got.tgz'))
    expect([asked('^0.7.0'), asked('next'), asked('https://host.example/got.tgz')]).toEqual([
      ...['^0.7.0', 'next', 'https://host.example/got.tgz'],
    ])
  })

  it('never what is not there', () => {
    expect(() => specOf('./gone.tgz', ownPackage(), to())).toThrow(
      /^ML_USAGE: --millrace \.\/gone\.tgz: there is no such file/,
    )
  })
})
