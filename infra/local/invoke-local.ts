import { connect } from 'node:net'
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../../lib/errors.js'
import type { Environment } from '../serverless.js'

/** Where `millrace dynamodb` and `millrace dev` listen unless told otherwise. */
const localStore = 'http://127.0.0.1:8000'

/** How long the store may take to accept a connection, and to answer a request. */
const limits = { connectMs: 1_000, answerMs: 3_000 }

/** How the process of a local invocation is set up. */
export interface LocalInvocation {
  /** Where DynamoDB is. */
  readonly endpoint: string
  /** Environment variables to set; undefined removes one. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** The SDK signs every request, but a local store takes any signature. */
const anyCredentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }

const always = {
  // Off the machines of AWS the SDK would look for credentials on an address of the network.
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
}

/**
 * An endpoint that is configured is used as it is. Otherwise the local store is meant, and then the credentials go too:
 * a local invocation never touches a cloud by accident, whatever account the person at the keyboard is signed in to.
 */
export function localInvocation(configured: Environment): LocalInvocation {
  const endpoint = configured.AWS_ENDPOINT_URL_DYNAMODB || configured.AWS_ENDPOINT_URL
  if (typeof endpoint === 'string') return { endpoint, variables: always }
  const noOtherCredentials = { AWS_SESSION_TOKEN: undefined, AWS_PROFILE: undefined, AWS_DEFAULT_PROFILE: undefined }
  return {
    endpoint: localStore,
    variables: {
      ...always,
      ...anyCredentials,
      ...noOtherCredentials,
      AWS_ENDPOINT_URL_DYNAMODB: localStore,
      AWS_REGION: String(configured.AWS_REGION || 'us-east-1'),
    },
  }
}

/** Sets up this process. To be called again when osls has loaded its credentials and the function's environment. */
export function setUp({ endpoint, variables }: LocalInvocation): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  const hasCredentials = process.env.AWS_ACCESS_KEY_ID || process.env.AWS_PROFILE
  if (!hasCredentials && isLoopback(endpoint)) Object.assign(process.env, anyCredentials)
}

/**
 * Creates on a local store the tables that are missing there. A store elsewhere is left alone, and so is one that does
 * not answer: then the function itself says what to do, as it would without the plugin.
 *
 * @throws MillraceError `ML_STORE_FAILED` when what answers does not create them.
 */
export async function createLocalTables(endpoint: string, tables: readonly CreateTableCommandInput[]): Promise<void> {
  if (!isLoopback(endpoint) || !(await accepts(new URL(endpoint)))) return
  // Loaded only here, so that packaging does not pay for it.
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
  const { ensureTables } = await import('../../lib/local/store/tables.js')
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: { requestTimeout: limits.answerMs, throwOnRequestTimeout: true },
  })
  try {
    await ensureTables(client, tables)
  } catch (cause) {
    throw new MillraceError(
      'ML_STORE_FAILED',
      `what answers at ${endpoint} did not create the tables; start a store with \`npx millrace dynamodb\`, or name another one in AWS_ENDPOINT_URL_DYNAMODB`,
      { cause },
    )
  } finally {
    client.destroy()
  }
}

function isLoopback(endpoint: string): boolean {
  const hostname = URL.canParse(endpoint) ? new URL(endpoint).hostname : ''
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function accepts({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connect({
      host,
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
      timeout: limits.connectMs,
    })
    const answer = (isAccepted: boolean) => {
      socket.destroy()
      resolve(isAccepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}
