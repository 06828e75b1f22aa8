import { MillraceError } from '../errors.js'
import { createTables } from '../local/stack/index.js'
import { startStore, storeEnvironment } from '../local/store/index.js'
import { isPackaged, readService } from '../local/template/index.js'
import type { Command } from './command.js'
import type { Voice } from './voice.js'

/** `millrace dynamodb`: a DynamoDB store until it is told to stop, with the tables of the service in the current folder. */
export const dynamodb: Command<{ readonly port: number }> = async ({ port }, { voice, stopping }) => {
  const store = await startStore({ port })
  try {
    await createServiceTables(store.url, voice)
    voice.say('listening', `DynamoDB, in memory (${store.engine}): ${store.url} (Ctrl-C ends it)`, {
      service: 'dynamodb',
      url: store.url,
      port: store.port,
      engine: store.engine,
    })
    await Promise.race([stopping.asked, store.ended.then(died)])
  } finally {
    await store.stop()
  }
}

async function createServiceTables(url: string, voice: Voice): Promise<void> {
  if (!isPackaged('.')) {
    voice.say('tables', 'no packaged service in this folder, so no tables; `npx serverless package` makes one', {
      tables: [],
    })
    return
  }
  const service = readService('.', storeEnvironment(url).AWS_REGION ?? '')
  await createTables(url, service)
  const names = service.tables.map(({ TableName }) => TableName)
  voice.say('tables', `tables of ${service.name}: ${names.join(', ') || 'none'}`, {
    service: service.name,
    tables: names,
  })
}

function died(): never {
  throw new MillraceError('ML_STORE_FAILED', 'the store ended by itself; start it again')
}
