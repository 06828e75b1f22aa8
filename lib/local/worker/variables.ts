import { randomBytes } from 'node:crypto'
import type { WorkerOptions } from './types.js'

/** The function's ARN in the emulated account. */
export const functionArn = (functionName: string, region: string): string =>
  `arn:aws:lambda:${region}:123456789012:function:${functionName}`

/**
 * The whole environment of the function's process: its own variables and Lambda's, which win as they do there.
 * Of ours only PATH is inherited, so that what works here does not work by an accident of this machine.
 */
export function workerVariables(options: WorkerOptions, runtimeApi: string): Record<string, string> {
  const own = options.environment
  const region = own.AWS_REGION ?? 'us-east-1'
  const nodeVersion = options.client?.nodeVersion ?? process.versions.node
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  return {
    // Two defaults that keep a local run quiet and quick; the function may set its own.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...own,
    PATH: own.PATH ?? process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: own.AWS_DEFAULT_REGION ?? region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${nodeVersion.split('.')[0]}.x`,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: options.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomBytes(16).toString('hex')}`,
    LAMBDA_TASK_ROOT: options.dir,
    LAMBDA_RUNTIME_DIR: options.dir,
    _HANDLER: options.handler,
  }
}

/** Node's own options for the function's process. */
export function workerFlags({ memoryMb, inspectPort }: Pick<WorkerOptions, 'memoryMb' | 'inspectPort'>): string[] {
  // Lambda's runtime client switches both off (TOOLING, "The bundle that Lambda really loads"); an unknown flag would end Node.
  const strict = ['--no-experimental-require-module', '--no-experimental-detect-module']
  return [
    '--enable-source-maps',
    ...(inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`]),
    // kafkajs in a producing function, on Node 24; other warnings stay.
    '--disable-warning=TimeoutNegativeWarning',
    `--max-old-space-size=${Math.max(32, Math.floor(memoryMb * 0.9))}`,
    ...strict.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag)),
  ]
}
