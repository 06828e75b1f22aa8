import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { expect, it } from 'vitest'
import type { Provider } from '../serverless.js'
import { deployedResources } from './deployed.js'

/** What is found where CloudFormation answers so, asked by its real client. */
async function found(status: number, answer: string): ReturnType<typeof deployedResources> {
  let asked = ''
  const listening = createServer((request, response) => {
    request.on('data', (chunk) => {
      asked += chunk
    })
    request.on('end', () => response.writeHead(status, { 'content-type': 'text/xml' }).end(answer))
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const client = new CloudFormationClient({
    endpoint: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  })
  const naming = { getStackName: () => 'shop-dev' }
  const provider = { naming, getCloudFormationClient: () => Promise.resolve(client) } as unknown as Provider
  const resources = await deployedResources(provider)
  client.destroy()
  listening.close()
  expect(asked).toMatch(/Action=GetTemplate&.*StackName=shop-dev/)
  return resources
}

const template = (body: string) =>
  `<GetTemplateResponse><GetTemplateResult><TemplateBody>${body}</TemplateBody></GetTemplateResult></GetTemplateResponse>`
const error = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`

it('the resources of a stack are those of the template that it was deployed with', async () => {
  expect(await found(200, template('{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}'))).toEqual({
    Queue: { Type: 'AWS::SQS::Queue' },
  })
})

it('a stack that is not deployed has none', async () => {
  expect(await found(400, error('ValidationError', 'Stack with id shop-dev does not exist'))).toEqual({})
})

it('why they cannot be known is told', async () => {
  expect(await found(403, error('AccessDenied', 'not authorized to perform cloudformation:GetTemplate'))).toMatch(
    /not authorized/,
  )
  expect(await found(200, template('Resources: {}'))).toMatch(/JSON/)
})
