import { describe, expect, it } from 'vitest'
import type { Resource, Service, ServiceFunction } from '../serverless.js'
import { type Given, planOf, sharedRole } from './plan.fixture.js'
import { addRoles } from './roles.js'
import type { Statement } from './statement.js'

const kafka = { kafka: { topic: 'orders', bootstrapServers: ['b1:9092'], consumerGroupId: 'shop' } }
const reads = (more: Partial<ServiceFunction> = {}): ServiceFunction => ({ events: [kafka], ...more })

/** The template after roles were added to it. */
function withRoles(declared: ServiceFunction, more: Partial<Given> = {}): Record<string, Resource> {
  const plan = planOf({ functions: { orders: declared }, ...more })
  addRoles(plan)
  return plan.resources
}

const propertiesOf = (role: Resource | undefined) =>
  role?.Properties as { Policies: { PolicyDocument: { Statement: Statement[] } }[]; [name: string]: unknown }
const statementsOf = (role: Resource | undefined) => propertiesOf(role).Policies[0]?.PolicyDocument.Statement ?? []
const actionsOf = (role: Resource | undefined) => statementsOf(role).flatMap(({ Action }) => Action)

describe('A function that reads Kafka', () => {
  it('has a role of its own, and the shared one has nothing of it', () => {
    const { ordersLambdaRole: own, IamRoleLambdaExecution: shared } = withRoles(reads())
    expect(actionsOf(own)).toContain('dynamodb:PartiQLUpdate')
    expect(shared).toEqual(sharedRole())
  })

  it('may do what it says itself, and what is said for all', () => {
    const say = (Action: string) => ({ Effect: 'Allow', Action, Resource: '*' })
    const resources = withRoles(reads({ millrace: { iamStatements: [say('ses:SendEmail')] } }), {
      providerSettings: { iam: { role: { statements: [say('dynamodb:GetItem')] } } },
    })
    expect(statementsOf(resources.ordersLambdaRole).slice(-2)).toEqual([say('ses:SendEmail'), say('dynamodb:GetItem')])
    expect(actionsOf(resources.IamRoleLambdaExecution)).toEqual([])
  })

  it.each<[string, Partial<Service['provider']>]>([
    [
      'now',
      {
        iam: {
          role: { managedPolicies: ['arn:p'], permissionsBoundary: 'arn:b', tags: { team: 'shop' }, statements: [] },
        },
      },
    ],
    [
      'before',
      {
        ...{ iamManagedPolicies: ['arn:p'], rolePermissionsBoundary: 'arn:b', iamRoleStatements: [] },
        iam: { role: { tags: { team: 'shop' } } },
      },
    ],
  ])('has what is said of the shared role, as it is spelled %s', (_, providerSettings) => {
    expect(propertiesOf(withRoles(reads(), { providerSettings }).ordersLambdaRole)).toMatchObject({
      Path: '/',
      ManagedPolicyArns: ['arn:p'],
      PermissionsBoundary: 'arn:b',
      Tags: [{ Key: 'team', Value: 'shop' }],
    })
  })

  it('has its role only under the condition that it is deployed by itself', () => {
    expect(withRoles(reads({ condition: 'IsLive' })).ordersLambdaRole?.Condition).toBe('IsLive')
  })

  it.each<[string, Partial<ServiceFunction>]>([
    [
      'another event that osls alone knows the permissions of',
      { events: [kafka, { sqs: 'arn:aws:sqs:::q' } as object] },
    ],
    ['a schedule of EventBridge Scheduler', { events: [kafka, { schedule: { method: 'scheduler' } } as object] }],
    ['destinations', { destinations: { onSuccess: 'other' } }],
  ])('stays on the shared role, with all that it needs, for %s', (_, more) => {
    const resources = withRoles(reads({ ...more, millrace: { iamStatements: [{ Action: 'ses:SendEmail' }] } }))
    expect(resources).not.toHaveProperty('ordersLambdaRole')
    expect(actionsOf(resources.IamRoleLambdaExecution)).toEqual(
      expect.arrayContaining(['dynamodb:PartiQLUpdate', 'dynamodb:PutItem', 'ses:SendEmail']),
    )
  })

  it('has its role with a plain schedule, too: that needs nothing of it', () => {
    expect(withRoles(reads({ events: [kafka, { schedule: 'rate(1 hour)' } as object] }))).toHaveProperty(
      'ordersLambdaRole',
    )
  })

  it('keeps the role that serverless.yml names, and who deploys is told what that needs', () => {
    const warnings: string[] = []
    const resources = withRoles(reads({ role: 'OwnRole' }), { warn: (text) => warnings.push(text) })
    expect(resources).not.toHaveProperty('ordersLambdaRole')
    expect(warnings).toEqual([
      expect.stringMatching(/^function orders has the role .* dynamodb:BatchGetItem, .*PutItem/),
    ])
  })
})

describe('The shared role', () => {
  it('gets back what osls gave it for Kafka, and keeps what is said or comes from other events', () => {
    const statement = (...Action: string[]) => ({ Effect: 'Allow', Action, Resource: '*' })
    const names = ['Create', 'Describe', 'Delete'].map(
      (verb) => `ec2:${verb}NetworkInterface${verb === 'Describe' ? 's' : ''}`,
    )
    const [create = '', describe = '', remove = ''] = names
    const network = () =>
      statement(create, describe, 'ec2:DescribeVpcs', remove, 'ec2:DescribeSubnets', 'ec2:DescribeSecurityGroups')
    const cluster = () => statement('kafka:DescribeCluster', 'kafka:GetBootstrapBrokers')
    const said = cluster()
    const role = sharedRole()
    statementsOf(role).push(...([said, network(), cluster(), network(), statement('sqs:x'), network()] as never[]))
    const msk = { topic: 'b', arn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/main/1', consumerGroupId: 'shop-b' }
    const accessConfigurations = { vpcSubnet: ['subnet-1'], vpcSecurityGroup: ['sg-1'] }
    const events = [{ msk }, { kafka: { ...kafka.kafka, accessConfigurations } }]
    const resources = withRoles(reads({ events }), {
      compiled: { IamRoleLambdaExecution: role },
      providerSettings: { iam: { role: { statements: [said] } } },
    })
    // The third of the network's is of another event.
    expect(statementsOf(resources.IamRoleLambdaExecution)).toEqual([said, statement('sqs:x'), network()])
  })
})

describe('Refused is a function', () => {
  const code = /^ML_PLUGIN_CONFIG: function orders/
  const statements = (Action: string) => ({ millrace: { iamStatements: [{ Action: [Action] }] } })

  it('whose own statements would go nowhere', () => {
    expect(() => withRoles(reads({ role: 'OwnRole', ...statements('ses:SendEmail') }))).toThrow(code)
  })

  it('that signs in to a cluster nobody knows of, until its statements do', () => {
    const signs = (more = {}) =>
      reads({ events: [{ kafka: { ...kafka.kafka, accessConfigurations: { iamAuth: true } } }], ...more })
    expect(() => withRoles(signs())).toThrow(/kafka-cluster:Connect/)
    expect(() => withRoles(signs(statements('ses:SendEmail')))).toThrow(code)
    expect(withRoles(signs(statements('kafka-cluster:Connect')))).toHaveProperty('ordersLambdaRole')
  })

  it('whose records go to what only the deployment knows, until its statements speak of it', () => {
    const sends = (onFailureDestination: object, more = {}) =>
      reads({ events: [{ kafka: { ...kafka.kafka, onFailureDestination } as typeof kafka.kafka }], ...more })
    const imported = { 'Fn::ImportValue': 'lost' }
    expect(() => withRoles(sends(imported))).toThrow(/sqs:SendMessage/)
    expect(withRoles(sends(imported, statements('sqs:SendMessage')))).toHaveProperty('ordersLambdaRole')
    const Lost = { Type: 'AWS::SQS::Queue' }
    const known = withRoles(sends({ 'Fn::GetAtt': ['Lost', 'Arn'] }), {
      service: { resources: { Resources: { Lost } } },
    })
    expect(actionsOf(known.ordersLambdaRole)).toContain('sqs:SendMessage')
  })

  it('whose records go to what is encrypted with a key of one’s own, until its statements or those of all speak of it', () => {
    const queue = (KmsMasterKeyId: string) => ({
      service: { resources: { Resources: { Lost: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId } } } } },
    })
    const onFailureDestination = { 'Fn::GetAtt': ['Lost', 'Arn'] }
    const sends = (more = {}) => reads({ events: [{ kafka: { ...kafka.kafka, onFailureDestination } }], ...more })
    expect(() => withRoles(sends(), queue('alias/shop'))).toThrow(/the key "alias\/shop".* kms:GenerateDataKey/)
    expect(() => withRoles(sends(statements('kms:GenerateDataKey')), queue('alias/shop'))).not.toThrow()
    expect(() => withRoles(sends(), queue('alias/aws/sqs'))).not.toThrow()
    const ofAll = { iam: { role: { statements: [{ Action: ['kms:GenerateDataKey'] }] } } }
    expect(() => withRoles(sends(), { ...queue('alias/shop'), providerSettings: ofAll })).not.toThrow()
  })

  it('but none that has a role of the person’s own, of which nobody else knows what it allows', () => {
    const events = [{ kafka: { ...kafka.kafka, accessConfigurations: { iamAuth: true } } }]
    expect(() => withRoles(reads({ events, role: 'OwnRole' }))).not.toThrow()
  })
})
