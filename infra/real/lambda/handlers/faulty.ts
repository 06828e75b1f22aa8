/** A function that fails as its records say, once each; the second time the same record does its work. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { json, kafkaFunction } from 'millrace'
import * as z from 'zod/mini'

const Work = z.object({
  id: z.string(),
  /** What happens at this record when it comes first. */
  fault: z.optional(z.enum(['block', 'hang', 'exit', 'kill', 'throw'])),
})

const { EFFECTS_TABLE: TableName, MARKS = '' } = process.env

export const handler = kafkaFunction({ value: json(Work), leaseMs: 1_000 }, async ({ value }, ctx) => {
  const { id, fault } = value
  console.log(`handles ${id}`)
  ctx.atomically([
    {
      Update: {
        TableName,
        Key: { orderId: { S: id } },
        UpdateExpression: 'ADD effects :one, cents :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    },
  ])
  const mark = join(MARKS, id)
  if (fault === undefined || existsSync(mark)) return
  writeFileSync(mark, '')
  if (fault === 'exit') process.exit(0)
  if (fault === 'kill') process.kill(process.pid, 'SIGKILL')
  // Not for ever: nobody would end it where the lane itself is killed.
  if (fault === 'block') for (const until = Date.now() + 60_000; Date.now() < until; );
  if (fault === 'throw')
    setImmediate(() => {
      throw new RangeError('out of reach')
    })
  await new Promise(() => undefined)
})
