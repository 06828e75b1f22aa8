import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { expect, it } from 'vitest'
import type { Provider } from '../serverless.js'
import { cloudFormation, failed, template } from './cloudformation.fixture.js'
import { deployedResources } from './deployed.js'

/** What is found where CloudFormation answers so, asked by its real client. */
async function found(status: number, answer: string): ReturnType<typeof deployedResources> {
  const { endpoint, asked, close } = await cloudFormation(status, answer)
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const client = new CloudFormationClient({ endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 })
  const naming = { getStackName: () => 'shop-dev' }
  const provider = { naming, getCloudFormationClient: () => Promise.resolve(client) } as unknown as Provider
  const resources = await deployedResources(provider)
  client.destroy()
  close()
  expect(asked).toEqual([expect.stringMatching(/Action=GetTemplate&.*StackName=shop-dev/)])
  return resources
}

it('the resources of a stack are those of the template that it was deployed with', async () => {
  expect(await found(200, template('{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}'))).toEqual({
    Queue: { Type: 'AWS::SQS::Queue' },
  })
})

it('a stack that is not deployed has none', async () => {
  expect(await found(400, failed('ValidationError', 'Stack with id shop-dev does not exist'))).toEqual({})
})

it('why they cannot be known is told', async () => {
  expect(await found(403, failed('AccessDenied', 'not authorized to perform cloudformation:GetTemplate'))).toMatch(
    /not authorized/,
  )
  expect(await found(200, template('Resources: {}'))).toMatch(/JSON/)
})
