import { checkBatch, type RecordBatch } from './batch.js'
import { type BatchFields, batchBytes } from './batch-bytes.js'

export { batchBytes } from './batch-bytes.js'

export function batch(fields?: BatchFields): RecordBatch {
  const checked = checkBatch(batchBytes(fields))
  if (typeof checked === 'number') throw new Error(`the batch is refused with code ${checked}`)
  return checked
}
