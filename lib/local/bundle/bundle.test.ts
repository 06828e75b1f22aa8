import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { budgetOf, contentsOf, defaultBudgetKb, kilobytes, packageSize } from './index.js'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-bundle-'))
  const manifests = {
    'package.json': { name: 'shop', version: '1.0.0' },
    'node_modules/kafkajs/package.json': { name: 'kafkajs', version: '2.2.4' },
    // It only says how files are read: no package.
    'node_modules/kafkajs/src/package.json': { type: 'commonjs' },
    'node_modules/millrace/package.json': { name: 'millrace', version: '0.1.0' },
    'node_modules/millrace/node_modules/tslib/package.json': { name: 'tslib', version: '1.14.1' },
    'node_modules/tslib/package.json': { name: 'tslib', version: '2.8.1' },
  }
  for (const [file, manifest] of Object.entries(manifests)) {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), JSON.stringify(manifest))
  }
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const [handler, sink, client] = ['src/orders.ts', 'node_modules/millrace/kafka.js', 'node_modules/kafkajs/src/index.js']
const imports = (...paths: string[]) => ({ imports: paths.map((path) => ({ path })) })
const bytes = (sizes: Record<string, number>) =>
  Object.fromEntries(Object.entries(sizes).map(([path, bytesInOutput]) => [path, { bytesInOutput }]))

const metafile = {
  inputs: {
    [handler]: imports('src/shop.ts', sink),
    'src/shop.ts': imports('node_modules/tslib/tslib.js'),
    [sink]: imports('node_modules/millrace/client.js', 'node_modules/millrace/node_modules/tslib/tslib.js'),
    'node_modules/millrace/client.js': imports(client),
    [client]: imports(),
  },
  outputs: {
    'out/src/orders.cjs.map': { inputs: {} },
    'out/src/orders.cjs': {
      entryPoint: handler,
      inputs: bytes({
        [handler]: 10,
        'src/shop.ts': 20,
        [sink]: 300,
        'node_modules/millrace/client.js': 100,
        [client]: 5_000,
        'node_modules/tslib/tslib.js': 7,
        'node_modules/millrace/node_modules/tslib/tslib.js': 5,
      }),
    },
  },
}

describe('what a bundle is made of', () => {
  it('is told by package, the largest first, the service among them', () => {
    const shares = contentsOf(metafile, dir).packages.map(({ name, version, bytes }) => [name, version, bytes])
    expect(shares).toEqual([
      ['kafkajs', '2.2.4', 5_000],
      ['millrace', '0.1.0', 400],
      ['shop', '1.0.0', 30],
      ['tslib', '2.8.1', 7],
      ['tslib', '1.14.1', 5],
    ])
  })

  it('names packages that it has more than once', () => {
    expect(contentsOf(metafile, dir).duplicates).toMatchObject([
      {
        name: 'tslib',
        copies: [
          { version: '2.8.1', path: 'node_modules/tslib' },
          { version: '1.14.1', path: 'node_modules/millrace/node_modules/tslib' },
        ],
      },
    ])
  })

  it('names a Kafka client, and who imports it', () => {
    expect(contentsOf(metafile, dir).kafkaClient).toEqual({ name: 'kafkajs', importedBy: [handler, 'millrace'] })
  })

  it('has no Kafka client where one was looked at and nothing of it was taken', () => {
    const [output] = Object.values(metafile.outputs).slice(1)
    const shaken = { entryPoint: handler, inputs: { ...output?.inputs, [client]: { bytesInOutput: 0 } } }
    expect(contentsOf({ ...metafile, outputs: { 'orders.cjs': shaken } }, dir).kafkaClient).toBeUndefined()
  })
})

describe('the size of a package', () => {
  it('is that of its files unzipped, source maps apart, and of the zip', async () => {
    const zip = zipSync({ 'a.cjs': strToU8('x'.repeat(4_000)), 'a.cjs.map': strToU8('m'.repeat(9_000)) })
    await writeFile(join(dir, 'a.zip'), zip)
    expect(await packageSize(join(dir, 'a.zip'))).toEqual({ zip: zip.length, code: 4_000, maps: 9_000 })
  })

  it('cannot be told of a file that is no zip', async () => {
    await writeFile(join(dir, 'b.zip'), 'no zip')
    await expect(packageSize(join(dir, 'b.zip'))).rejects.toThrow()
  })
})

describe('a budget', () => {
  it.each([
    ['the function’s own', { bundle: { budgetKb: 1 } }, { bundle: { budgetKb: 2 } }, { budgetKb: 1, isOwn: true }],
    ['the service’s', {}, { bundle: { budgetKb: 2 } }, { budgetKb: 2, isOwn: true }],
    ['the default', undefined, undefined, { budgetKb: defaultBudgetKb, isOwn: false }],
  ])('is %s', (_, own, service, budget) => {
    expect(budgetOf(own, service)).toEqual(budget)
  })

  it('is read in KB of 1,024 bytes', () => {
    expect(kilobytes(1_698_641)).toBe('1,659 KB')
  })
})
