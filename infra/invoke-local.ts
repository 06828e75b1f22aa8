import { connect } from 'node:net'
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../lib/errors.js'
import type { Environment } from './serverless.js'

/** Where `millrace dynamodb` and `millrace dev` listen unless told otherwise. */
const localStore = 'http://127.0.0.1:8000'

/** How long the store may take to accept a connection, and to create the tables. */
const limits = { connectMs: 1_000, createMs: 10_000 }

/** How the process of a local invocation is to be set up, and why it never reaches a cloud by accident. */
export interface LocalInvocation {
  readonly endpoint: string
  /** What the process needs beyond what is configured. */
  readonly variables: Readonly<Record<string, string>>
}

/**
 * Where an endpoint is configured, it is used as it is. Otherwise the local store is meant, and the credentials are
 * replaced as well: no handler can then reach a cloud, whatever profile the person at the keyboard is signed in with.
 */
export function localInvocation(configured: Environment): LocalInvocation {
  const endpoint = configured.AWS_ENDPOINT_URL_DYNAMODB || configured.AWS_ENDPOINT_URL
  // Off a machine of AWS the SDK would look for credentials on an address of the network; on Node 20 it would warn.
  const always = { AWS_EC2_METADATA_DISABLED: 'true', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
  if (typeof endpoint === 'string') return { endpoint, variables: always }
  return {
    endpoint: localStore,
    variables: {
      ...always,
      AWS_ENDPOINT_URL_DYNAMODB: localStore,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_SESSION_TOKEN: '',
      AWS_REGION: String(configured.AWS_REGION || 'us-east-1'),
    },
  }
}

/**
 * Creates on a local store the tables that are missing there. A store elsewhere is left alone, and so is one that does
 * not answer: then the function itself says what to do, as it would without the plugin.
 *
 * @throws MillraceError `ML_STORE_FAILED` when a store that answers cannot create them.
 */
export async function createLocalTables(endpoint: string, tables: readonly CreateTableCommandInput[]): Promise<void> {
  const { hostname, port, protocol } = new URL(endpoint)
  if (!isLoopback(hostname)) return
  if (!(await accepts(hostname, Number(port || (protocol === 'https:' ? 443 : 80))))) return
  // Loaded only here, so that packaging does not pay for it.
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
  const { ensureTables } = await import('../lib/local/store/tables.js')
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    requestHandler: { connectionTimeout: limits.connectMs, requestTimeout: limits.createMs },
  })
  try {
    await ensureTables(client, tables)
  } catch (cause) {
    throw new MillraceError(
      'ML_STORE_FAILED',
      `what answers at ${endpoint} did not create the tables; start a store there with \`npx millrace dynamodb\`, or name another one in AWS_ENDPOINT_URL_DYNAMODB`,
      { cause },
    )
  } finally {
    client.destroy()
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function accepts(hostname: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port, timeout: limits.connectMs })
    const answer = (isAccepted: boolean) => {
      socket.destroy()
      resolve(isAccepted)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}
