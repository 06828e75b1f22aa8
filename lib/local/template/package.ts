import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { MillraceError } from '../../errors.js'
import { runTool } from '../tool.js'

/** A package that takes longer hangs, in milliseconds. */
const patienceMs = 120_000

/** Serverless' heading of an error. With it, it sets its exit code; esbuild, that serverless-esbuild leaves running, keeps it alive. */
const failure = /^Error:$/m

/** Where in its own code a tool noticed an error, and whom to tell of one: of no use to who has to mend theirs. */
const toolLines = /^( +at |Environment: |Docs: |Learn more about configuration validation).*\n*/gm

/** The files that may say what a service is; serverless takes the first there is. */
export const configurations = ['yml', 'yaml', 'json', 'js', 'cjs', 'mjs', 'ts'].map((end) => `serverless.${end}`)

/** How to package a service. */
export interface PackageOptions {
  /** Ends the packaging before its time. */
  readonly signal?: AbortSignal
  /** Of the environment that the package is made in, besides this process' own. */
  readonly env?: Readonly<Record<string, string>>
  /** Takes what it has to say, line by line. */
  readonly log?: (line: string) => void
  /** The folder that gets the package. Default: the service's `.serverless`. */
  readonly to?: string | undefined
  /** Default: what the service says. */
  readonly stage?: string | undefined
}

/**
 * Runs `serverless package` with the version that the service has installed. Needs no network and no credentials.
 *
 * @throws MillraceError `ML_LOCAL_TEMPLATE` when there is no service, or serverless is not installed or fails; what it wrote is in the message
 */
export async function packageService(serviceDir: string, options: PackageOptions = {}): Promise<void> {
  const { signal, log, to, stage, env } = options
  if (!configurations.some((name) => existsSync(join(serviceDir, name))))
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      `there is no serverless.yml in ${resolve(serviceDir)}; go to the folder of the service, or write one`,
    )
  const args = [
    'package',
    ...(to === undefined ? [] : ['--package', to]),
    ...(stage === undefined ? [] : ['--stage', stage]),
  ]
  const { code, killedBy, failed, output } = await runTool(serverlessProgram(serviceDir), args, {
    cwd: serviceDir,
    env: {
      ...process.env,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      ...env,
    },
    limitMs: patienceMs,
    failure,
    ...(signal ? { signal } : {}),
  })
  for (const line of output.trim().split('\n')) if (line !== '') log?.(line)
  if (code === 0) return
  const late = killedBy && `was killed (${killedBy}) after ${patienceMs / 1000} s`
  const how = failed ? 'failed' : (late ?? `ended with exit code ${code}`)
  throw new MillraceError(
    'ML_LOCAL_TEMPLATE',
    `\`serverless package\` ${how}; mend what it says:\n${output.replace(toolLines, '').trim().slice(-10_000)}`,
  )
}

/** The `serverless` that the service of a folder has installed. @throws MillraceError `ML_LOCAL_TEMPLATE` */
export function serverlessProgram(serviceDir: string): string {
  try {
    const file = createRequire(join(resolve(serviceDir), 'serverless.yml')).resolve('serverless/package.json')
    const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: { serverless: string } }
    return join(dirname(file), bin.serverless)
  } catch (cause) {
    throw new MillraceError(
      'ML_LOCAL_TEMPLATE',
      `serverless is not installed for ${resolve(serviceDir)}; run \`npm install --save-dev serverless@npm:osls@4 serverless-esbuild esbuild\``,
      { cause },
    )
  }
}
