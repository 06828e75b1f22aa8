import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { healthFunction, readDeployment } from '../../lib/deployment/index.js'
import { declaredMappings } from '../events/index.js'
import { planOf } from '../resources/plan.fixture.js'
import type { Service, ServiceFunction } from '../serverless.js'
import { addHealth, addHealthRole, type HealthSettings, prepareHealth } from './index.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-health-'))
afterAll(() => rmSync(folder, { recursive: true }))

const kafka = {
  topic: 'orders',
  bootstrapServers: ['b:9092'],
  consumerGroupId: 'shop',
  provisionedPollerConfig: { minimumPollers: 1 },
}
const orders: ServiceFunction = { handler: 'handler.handler', events: [{ kafka }] }

interface Given {
  readonly health?: HealthSettings
  readonly tables?: { readonly kmsKeyArn: string }
  readonly functions?: Record<string, ServiceFunction>
  readonly more?: Partial<Service>
  /** The network of all functions that say nothing else. */
  readonly vpc?: object
  /** The role that serverless.yml names for all functions. */
  readonly role?: string
}

/** What the plugin makes of a service: its health function, the role, and what was warned of. */
function made({ health, tables, functions = { orders }, more = {}, role, vpc }: Given = {}) {
  const settings = { ...(health !== undefined && { health }), ...(tables && { tables }) }
  const service = { plugins: ['serverless-esbuild', 'millrace/plugin'], custom: { millrace: settings }, ...more }
  const plan = planOf({ functions, service, providerSettings: { runtime: 'nodejs24.x', ...(vpc && { vpc }) } })
  const provider = { ...plan.provider, getCustomExecutionRole: () => role }
  const serverless = { service: plan.service, serviceDir: folder, getProvider: () => provider }
  const warnings: string[] = []
  addHealth(serverless, declaredMappings(plan.service), plan.tables, (text) => warnings.push(text))
  prepareHealth(plan.service, provider)
  addHealthRole({ ...plan, provider })
  const added = plan.service.functions?.[healthFunction]
  return { added, role: plan.resources.MillraceHealthRole, warnings }
}

describe('The health function of a service', () => {
  it('is there by default, looks every quarter of an hour, and has no URL [T-20 partly]', () => {
    const { added } = made()
    expect(added).toMatchObject({
      name: 'shop-dev-millrace-health',
      handler: '.millrace/health.handler',
      runtime: 'nodejs24.x',
      events: [{ schedule: 'rate(15 minutes)' }],
    })
    expect(added).not.toHaveProperty('url')
    expect(added).not.toHaveProperty('vpc')
    const [, from = ''] =
      /^export \{ handler \} from '(\..+)'\n$/.exec(readFileSync(join(folder, '.millrace/health.js'), 'utf8')) ?? []
    expect(join(realpathSync(folder), '.millrace', from)).toBe(
      fileURLToPath(new URL('../../lib/health/index.js', import.meta.url)),
    )
  })

  it('stays outside of a network that is for all functions, where osls would otherwise give all roles what a network needs', () => {
    expect(made({ vpc: { subnetIds: ['subnet-1a'] } }).added).toMatchObject({ vpc: false })
  })

  it('is told of every mapping of the service, and under which name it publishes', () => {
    const audit = { handler: 'a.b', events: [{ kafka: { ...kafka, consumerGroupId: 'audit' } }] }
    const { added } = made({ functions: { orders, audit }, health: { stallSeconds: 600 } })
    const environment = added?.environment as Record<string, string>
    const { ledgerTable, failuresTable, mappings } = readDeployment(environment)
    expect([ledgerTable, failuresTable]).toEqual(['shop-dev-ledger', 'shop-dev-failures'])
    expect(mappings.map(({ group, topic }) => `${group}#${topic}`)).toEqual(['shop#orders', 'audit#orders'])
    expect(environment).toMatchObject({ POWERTOOLS_SERVICE_NAME: 'shop', MILLRACE_STALL_SECONDS: '600' })
  })

  it('looks as often, and answers by a URL to whom, as serverless.yml says', () => {
    expect(made({ health: { everyMinutes: 1 } }).added?.events).toEqual([{ schedule: 'rate(1 minute)' }])
    expect(made({ health: { url: 'AWS_IAM' } }).added).toMatchObject({ url: { authorizer: 'aws_iam' } })
    expect(made({ health: { url: 'NONE' } }).added).toMatchObject({ url: true })
  })

  it('is not there where serverless.yml wants none, or no function reads Kafka', () => {
    expect(made({ health: false }).added).toBeUndefined()
    expect(made({ functions: { hourly: { handler: 'a.b' } } }).added).toBeUndefined()
  })

  it.each<[string, Partial<Service>, RegExp]>([
    ['bundles it', { plugins: ['millrace/plugin'] }, /serverless-esbuild is not among its plugins/],
    ['packages it', { package: { artifact: 'own.zip' } }, /brings its own artifact/],
  ])('is not there where nobody %s; a service that asks for it is told', (_, more, why) => {
    expect(made({ more })).toMatchObject({ added: undefined, warnings: [] })
    expect(made({ more, health: {} })).toMatchObject({ added: undefined, warnings: [expect.stringMatching(why)] })
  })

  it('is not there where its environment would not hold the mappings', () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      kafka: { ...kafka, topic: `topic-${i}`, consumerGroupId: `group-${i}` },
    }))
    const { added, warnings } = made({ functions: { orders: { handler: 'a.b', events: many } }, health: {} })
    expect([added, warnings]).toEqual([undefined, [expect.stringContaining('more than the environment')]])
  })

  it('never takes the place of a function of the same name', () => {
    const functions = { orders, millraceHealth: { handler: 'own.handler' } }
    expect(() => made({ functions })).toThrow(/^ML_PLUGIN_CONFIG: the function millraceHealth has the name/)
  })
})

describe('Its role', () => {
  const statements = ({ role }: ReturnType<typeof made>) => {
    const [policy] = (role?.Properties?.Policies ?? []) as { PolicyDocument: { Statement: object[] } }[]
    return policy?.PolicyDocument.Statement.map((one) => Object.values(one).slice(1, 3))
  }
  const arnOf = (id: string) => [{ 'Fn::GetAtt': [id, 'Arn'] }]

  it('reads the two tables and writes its own log, and nothing else', () => {
    const service = made()
    expect(service.added).toMatchObject({ role: 'MillraceHealthRole', logRetentionInDays: 30 })
    expect(statements(service)).toEqual([
      [['dynamodb:BatchGetItem'], arnOf('MillraceLedgerTable')],
      [['dynamodb:Scan'], arnOf('MillraceFailuresTable')],
      [['logs:CreateLogStream', 'logs:PutLogEvents'], [{ 'Fn::Sub': expect.stringMatching(/log-group:[^*]*:\*$/) }]],
    ])
  })

  it("reads tables under a key of the service's own", () => {
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1'
    expect(statements(made({ tables: { kmsKeyArn: key } }))).toContainEqual([['kms:Decrypt', 'kms:DescribeKey'], [key]])
  })

  it('is the one that serverless.yml names for all functions, where it names one', () => {
    const { added, role } = made({ role: 'arn:aws:iam::123456789012:role/all' })
    expect([added?.role, role]).toEqual([undefined, undefined])
  })
})
