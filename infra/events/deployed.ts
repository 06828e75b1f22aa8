import { GetTemplateCommand } from '@aws-sdk/client-cloudformation'
import type { Provider, Resource } from '../serverless.js'

/** The resources of the stack as it is deployed; of one that is not, none. A text: why they are not known. */
export async function deployedResources(provider: Provider): Promise<Readonly<Record<string, Resource>> | string> {
  try {
    const client = await provider.getCloudFormationClient()
    const command = new GetTemplateCommand({ StackName: provider.naming.getStackName(), TemplateStage: 'Original' })
    const { TemplateBody = '{}' } = await client.send(command)
    return (JSON.parse(TemplateBody) as { Resources?: Record<string, Resource> }).Resources ?? {}
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    return error.name === 'ValidationError' && error.message.includes('does not exist') ? {} : error.message
  }
}
