import type { Stack } from '@aws-sdk/client-cloudformation'
import { readOutputs, type StackFacts } from '../../deployment/index.js'
import { asError, MillraceError } from '../../errors.js'
import { callLimits } from '../call-limits.js'
import type { StackPlace } from './service.js'

/**
 * What a deployed stack says in its outputs.
 *
 * @throws MillraceError `ML_STACK_MISSING` where there is none, or one without Millrace; `ML_STACK_UNREACHABLE` where AWS does not tell
 */
export async function factsOfStack({ stack, region }: StackPlace): Promise<StackFacts> {
  const found = await describe({ stack, region })
  const outputs = Object.fromEntries(
    (found?.Outputs ?? []).flatMap(({ OutputKey: key, OutputValue: value }) =>
      key === undefined || value === undefined ? [] : [[key, value]],
    ),
  )
  const facts = readOutputs(outputs)
  if (facts) return facts
  const why = found ? 'names no tables of millrace in its outputs' : `does not exist${region ? ` in ${region}` : ''}`
  throw new MillraceError(
    'ML_STACK_MISSING',
    `the stack ${stack} ${why}; deploy the service with \`serverless deploy\`, or give another --stage, --region or --stack`,
  )
}

/** Undefined where there is no such stack. */
async function describe({ stack, region }: StackPlace): Promise<Stack | undefined> {
  // Only who asks for a deployed stack waits for it to load.
  const { CloudFormation } = await import('@aws-sdk/client-cloudformation')
  const client = new CloudFormation({ ...(region && { region }), requestHandler: callLimits })
  try {
    const { Stacks: [found] = [] } = await client.describeStacks({ StackName: stack })
    return found
  } catch (cause) {
    const { name, message } = asError(cause)
    if (name === 'ValidationError' && message.includes('does not exist')) return undefined
    throw new MillraceError(
      'ML_STACK_UNREACHABLE',
      `AWS does not tell of the stack ${stack}: ${message}; ${mend(name)}`,
      {
        cause,
      },
    )
  } finally {
    client.destroy()
  }
}

function mend(name: string): string {
  if (name === 'CredentialsProviderError') return 'give credentials, for example with AWS_PROFILE'
  return 'look at the credentials (they need cloudformation:DescribeStacks), the region and the network'
}
