import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asError, MillraceError } from '../../errors.js'
import { configurations, serverlessProgram } from '../../local/template/index.js'
import { usage } from '../voice.js'

/** Which CloudFormation stack a service is deployed as. */
export interface StackPlace {
  readonly stack: string
  readonly region: string | undefined
}

/** Reading serverless.yml takes seconds; what takes longer hangs. */
const patienceMs = 60_000

/** What is used of what `serverless print` says. */
interface Printed {
  readonly service?: string
  readonly provider?: { readonly stage?: string; readonly stackName?: string; readonly region?: string }
}

/**
 * The stack of the service in a folder, as serverless itself reads serverless.yml: with its variables and its defaults.
 *
 * @throws MillraceError `ML_USAGE` where there is no service, `ML_LOCAL_TEMPLATE` where serverless cannot read it
 */
export async function stackOfService(serviceDir: string, { stage, region }: StackChoice): Promise<StackPlace> {
  if (!configurations.some((name) => existsSync(join(serviceDir, name)))) {
    throw usage(
      'this folder has no serverless.yml: go to the folder of the service, or name a stack with --stack, or tables with --ledger-table and --failures-table',
    )
  }
  const { service, provider = {} } = await printed(serviceDir, stage)
  const deployed = stage ?? provider.stage ?? 'dev'
  return { stack: provider.stackName ?? `${service}-${deployed}`, region: region ?? provider.region }
}

interface StackChoice {
  readonly stage?: string
  readonly region?: string
}

async function printed(serviceDir: string, stage: string | undefined): Promise<Printed> {
  const args = ['print', '--format', 'json', ...(stage === undefined ? [] : ['--stage', stage])]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [serverlessProgram(serviceDir), ...args], {
      cwd: serviceDir,
      timeout: patienceMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    })
    return JSON.parse(stdout) as Printed
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    const { stderr = '' } = cause as { readonly stderr?: string }
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      `\`serverless print\` cannot read serverless.yml; mend what it says, or name the stack with --stack:\n${stderr.trim() || asError(cause).message}`,
      { cause },
    )
  }
}
