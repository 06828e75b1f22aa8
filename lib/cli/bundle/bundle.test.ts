import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PackagedService, packagedService } from '../../local/template/service.fixture.js'
import { millrace } from '../cli.fixture.js'
import { lines } from './text.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

let service: PackagedService
beforeAll(() => {
  service = packagedService({ code: 'x'.repeat(300_000) })
  const file = (name: string, text: string) => writeFileSync(join(service.dir, name), text)
  symlinkSync(join(root, 'node_modules'), join(service.dir, 'node_modules'))
  mkdirSync(join(service.dir, 'src'))
  file('package.json', '{"name":"hello","version":"3.2.1"}')
  file('src/client.ts', `import { Kafka } from 'kafkajs'\nexport const kafka = new Kafka({ brokers: [] })\n`)
  file('src/handler.ts', `import { kafka } from './client.js'\nexport const handler = () => kafka.admin()\n`)
  state(500)
})
afterAll(() => service.remove())

function state(budgetKb: number): void {
  const greet = {
    handler: 'src/handler.handler',
    name: 'hello-dev-greet',
    package: { artifact: '.serverless/greet.zip' },
  }
  const described = {
    ...{ service: 'hello', plugins: ['serverless-esbuild'], functions: { greet }, package: { individually: true } },
    provider: { name: 'aws', runtime: 'nodejs22.x' },
    custom: {
      esbuild: { bundle: true, format: 'cjs', outputFileExtension: '.cjs' },
      millrace: { bundle: { budgetKb } },
    },
  }
  service.write('serverless-state.json', JSON.stringify({ service: described }))
}

describe('millrace bundle', () => {
  it('tells what a function weighs, what it is made of, and who brought a Kafka client', async () => {
    const running = millrace(['bundle', 'greet', '--no-package', '--json'], service.dir)
    expect(await running.ended, running.output.stderr).toBe(0)
    const [greet, summary] = running.lines<Parameters<typeof lines>[0]>()
    expect(greet).toMatchObject({ function: 'greet', code: 300_000, maps: 2, budgetKb: 500, isOver: false })
    expect(greet?.contents?.kafkaClient).toEqual({ name: 'kafkajs', importedBy: ['src/handler.ts', 'src/client.ts'] })
    expect(greet?.contents?.packages.map(({ name }) => name)).toEqual(['kafkajs', 'hello'])
    expect(summary).toMatchObject({ count: 1, over: 0 })
  })

  it('ends with 1 where a function is over its budget, and with 2 for one that there is not', async () => {
    state(100)
    const [over, unknown] = [[], ['nobody']].map((names) => millrace(['bundle', '--no-package', ...names], service.dir))
    expect([await over?.ended, await unknown?.ended]).toEqual([1, 2])
    expect(over?.output.stdout).toMatch(/^greet: 293 KB OVER its budget of 100 KB \(zip \d+ KB, source maps 0 KB\)\n/)
    expect(over?.output.stdout).toMatch(
      /Kafka client: kafkajs, by src\/handler\.ts > src\/client\.ts\n1 function, 1 over/,
    )
    expect(unknown?.output.stderr).toBe('ML_USAGE: there is no function nobody; there are greet\n')
  })

  it('names the ten largest packages, sums up the others, and tells what is there twice', () => {
    const share = (name: string, bytes: number) => ({ name, bytes, version: '1.0.0', path: `node_modules/${name}` })
    const packages = Array.from({ length: 12 }, (_, i) => share(`p${i}`, (12 - i) * 1024))
    const duplicates = [{ name: 'p1', copies: [share('p1', 1024), { ...share('x/p1', 2048), version: '2.0.0' }] }]
    const facts = { function: 'a', deployed: 's-a', zip: 0, code: 1024, maps: 0, budgetKb: 9, isOver: false }
    const text = lines({ ...facts, contents: { packages, duplicates, kafkaClient: undefined } })
    expect(text).toHaveLength(14)
    expect(text.slice(10)).toEqual([
      '       3 KB  p9 1.0.0',
      '       3 KB  2 others',
      '  Kafka client: none',
      '  more than once: p1 (1.0.0 in node_modules/p1, 1 KB, 2.0.0 in node_modules/x/p1, 2 KB)',
    ])
  })
})
