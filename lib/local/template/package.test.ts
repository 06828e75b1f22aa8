import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'
import { packageService, readService, unpack } from './index.js'
import { type PackagedService, packagedService } from './service.fixture.js'

const services: PackagedService[] = []
afterEach(() => {
  for (const service of services.splice(0)) service.remove()
})
function packaged(): PackagedService {
  const service = packagedService()
  services.push(service)
  return service
}

describe('a function’s zip', () => {
  it('is unpacked with its source maps, in place of what was there', async () => {
    const { dir } = packaged()
    const target = join(dir, 'out')
    mkdirSync(target)
    writeFileSync(join(target, 'stale.js'), '')
    await unpack(join(dir, '.serverless', 'greet.zip'), target)
    expect(readFileSync(join(target, 'src', 'handler.cjs'), 'utf8')).toMatch(/batchItemFailures/)
    expect(existsSync(join(target, 'src', 'handler.cjs.map'))).toBe(true)
    expect(existsSync(join(target, 'stale.js'))).toBe(false)
  })

  it('is refused when it is missing, broken, or would write elsewhere', async () => {
    const service = packaged()
    service.write('bad.zip', 'no zip')
    service.write('evil.zip', zipSync({ '../evil.js': strToU8('') }))
    const out = join(service.dir, 'out')
    for (const name of ['none', 'bad', 'evil']) {
      await expect(unpack(join(service.dir, '.serverless', `${name}.zip`), out)).rejects.toThrow(
        new RegExp(`^ML_LOCAL_TEMPLATE: .*${name}.zip`),
      )
    }
    expect(existsSync(join(service.dir, 'evil.js'))).toBe(false)
  })
})

describe('packaging', () => {
  const yaml = (handler: string) => `
service: hello
provider: { name: aws, runtime: nodejs22.x, region: eu-west-1 }
package: { excludeDevDependencies: false, patterns: ['!**', handler.js] }
functions:
  greet:
    handler: ${handler}
    events:
      - kafka:
          accessConfigurations: { saslScram512Auth: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:s' }
          topic: greetings
          bootstrapServers: ['127.0.0.1:9092']
          consumerGroupId: greeters
`
  function sources(handler: string): string {
    const { dir } = packaged()
    writeFileSync(join(dir, 'serverless.yml'), yaml(handler))
    writeFileSync(join(dir, 'handler.js'), 'exports.handler = async () => null')
    symlinkSync(join(process.cwd(), 'node_modules'), join(dir, 'node_modules'))
    return dir
  }

  it('makes, offline, what the reader reads', async () => {
    const dir = sources('handler.handler')
    await packageService(dir)
    const service = readService(dir, 'eu-west-1')
    expect(service.mappings).toMatchObject([{ topic: 'greetings', group: 'greeters', functionName: 'hello-dev-greet' }])
    const [greet] = service.functions
    await unpack(greet?.zip ?? '', join(dir, 'out'))
    expect(existsSync(join(dir, 'out', 'handler.js'))).toBe(true)
  }, 60_000)

  it('fails with what serverless says, and without an installed one says how to get it', async () => {
    const dir = sources('[]')
    await expect(packageService(dir)).rejects.toThrow(/^ML_LOCAL_TEMPLATE: .*failed.*handler/s)
    const { dir: bare } = packaged()
    await expect(packageService(bare)).rejects.toThrow(/^ML_LOCAL_TEMPLATE: there is no serverless.yml in /)
    writeFileSync(join(bare, 'serverless.yml'), yaml('handler.handler'))
    await expect(packageService(bare)).rejects.toThrow(/^ML_LOCAL_TEMPLATE: .*npm install/)
  }, 60_000)

  it.each([
    ['a syntax error', 'exports.handler = async () => null +\n', /^handler\.js:2:0: ERROR: Unexpected end of file$/m],
    ['an import of nothing', "import 'nowhere'\n", /^handler\.js:1:7: ERROR: Could not resolve "nowhere"$/m],
  ])(
    'fails at %s with its place, where the bundler would keep serverless alive for ever',
    async (_, code, place) => {
      const dir = sources('handler.handler')
      const bundled = yaml('handler.handler').replace(/package: .*/, 'plugins: [serverless-esbuild]')
      writeFileSync(join(dir, 'serverless.yml'), bundled)
      writeFileSync(join(dir, 'handler.js'), code)
      const error = await packageService(dir).catch(String)
      expect(error).toContain('ML_LOCAL_TEMPLATE: `serverless package` failed')
      expect(error).toMatch(place)
      expect(error).not.toMatch(/^( +at |Environment:|Docs:)/m)
    },
    60_000,
  )
})
