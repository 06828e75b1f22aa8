import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { storeClient } from '../../../lib/local/store/index.js'
import type { ServiceOptions } from './kafka.js'
import { freePorts, type Service, startService } from './service.js'

/** Starts DynamoDB Local, in memory and with nothing in it. @throws MillraceError `ML_REAL_START` */
export async function startDynamodb({ jars, logs, signal }: ServiceOptions): Promise<Service> {
  const scratch = mkdtempSync(join(tmpdir(), 'millrace-dynamodb-'))
  const [port = 0] = await freePorts(1)
  const address = `http://127.0.0.1:${port}`
  const java = ['-Xmx512m', '-XX:+UseSerialGC', `-Dsqlite4java.library.path=${jars}`, '-cp', join(jars, '*')]
  const server = 'software.amazon.dynamodb.services.local.main.ServerRunner'
  return startService(
    {
      name: 'DynamoDB Local',
      command: 'java',
      args: [...java, server, '-inMemory', '-sharedDb', '-disableTelemetry', '-port', String(port)],
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
