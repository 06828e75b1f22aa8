import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { storeClient } from '../../../lib/local/store/index.js'
import { root } from '../../../tools/project.js'
import type { ServiceOptions } from './kafka.js'
import { freePorts, type Service, startService } from './service.js'

/** Its own main class would listen on every address. */
const server = join(root, 'infra/real/services/LocalDynamo.java')

/** Starts DynamoDB Local, in memory and with nothing in it. @throws MillraceError `ML_REAL_START` */
export async function startDynamodb({ jars, logs, signal }: ServiceOptions): Promise<Service> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-dynamodb-'))
  const [port = 0] = await freePorts(1)
  const address = `http://127.0.0.1:${port}`
  const java = ['-Xmx512m', '-XX:+UseSerialGC', `-Dsqlite4java.library.path=${jars}`, '-cp', join(jars, '*')]
  return startService(
    {
      name: 'DynamoDB Local',
      command: 'java',
      args: [...java, server, String(port)],
      logFile: join(logs, 'dynamodb.log'),
      scratch,
      address,
      ask: () => answers(address),
    },
    signal,
  )
}

async function answers(url: string): Promise<boolean> {
  const client = storeClient(url)
  try {
    await client.send(new ListTablesCommand({}))
    return true
  } finally {
    client.destroy()
  }
}
