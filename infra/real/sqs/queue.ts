import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { sqsSink } from '../../../lib/sink/sqs/index.js'
import type { KeptRecord, SinkOnTarget } from '../../../lib/testing/index.js'
import { recordOf } from '../../../lib/testing/sink/sqs-record.js'

let queues = 0

/** A queue of its own with a sink on it. What is looked at is taken out, and remembered: so a queue is read. */
export async function queueWithSink(endpoint: string): Promise<SinkOnTarget> {
  const client = new SQSClient({
    ...{ endpoint, region: 'us-east-1', maxAttempts: 1 },
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const QueueName = `conformance-${process.pid}-${queues++}.fifo`
  const created = await client.send(new CreateQueueCommand({ QueueName, Attributes: { FifoQueue: 'true' } }))
  const QueueUrl = created.QueueUrl ?? ''
  const seen = new Map<string, KeptRecord>()

  /** The first ten of some groups; empty: there are no more. */
  async function receive(): Promise<number> {
    const wanted = { MaxNumberOfMessages: 10, MessageAttributeNames: ['All'], WaitTimeSeconds: 0 }
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...wanted }))
    for (const { Body = '', MessageAttributes = {}, ReceiptHandle } of Messages) {
      const { id, key, value } = recordOf(Body, MessageAttributes)
      // One that takes each id once.
      if (!seen.has(id)) seen.set(id, { id, key, value })
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    }
    return Messages.length
  }

  return {
    sink: sqsSink({ queueUrl: QueueUrl, client }),
    async contents() {
      while ((await receive()) > 0);
      return [...seen.values()]
    },
    async dispose() {
      client.destroy()
    },
  }
}
