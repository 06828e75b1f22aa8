import { payloadLimit, recordBytes as wireBytes } from '../../lib/local/esm/event.js'
import { type Check, found, ofMappings, type Subject, type SubjectMapping } from './subject.js'

/** Records of a batch where nobody says (KAFKA-ESM §2). */
const defaultBatchSize = 100

/** The least bytes of one record in an event: base64 of all it carries, its JSON, and the comma to the next. Headers take more. */
export function leastWireBytes(topic: string, recordBytes: number): number {
  const bare = { topic, partition: 0, offset: 0, timestamp: 1_000_000_000_000, timestampType: 'CREATE_TIME' } as const
  return wireBytes({ ...bare, value: '', headers: [] }) + Math.ceil(recordBytes / 3) * 4 + ','.length
}

/** A batch that ends at 6 MB before it has its records (KAFKA-ESM §2). */
export const checkBatch: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    const { recordBytes } = subject.planned.settings
    if (recordBytes === undefined) return []
    const { BatchSize: batchSize = defaultBatchSize } = mapping.properties
    const each = leastWireBytes(mapping.planned.told.topic, recordBytes)
    const most = Math.floor(payloadLimit / each)
    if (batchSize <= most) return []
    const size = `a record of ${recordBytes} bytes (recordBytes) takes ${each} in an event, in base64 and JSON`
    const text =
      most === 0
        ? `${size}, and an event holds 6 MB: such a record is never delivered. Have the producer split it, or send where it lies in place of it`
        : `${size}, so that an event of 6 MB holds ${most} of them: a batchSize of ${batchSize} is never reached. Set batchSize to ${most} or less`
    return [found('ML_CHECK_BATCH', subject, text, mapping)]
  })

/** MB that an environment has in use before its first event: Node, the framework and its clients (measured, docs/checks.md). */
const idleMb = 86

/** MB in use at the peak of a batch for each MB of its event, beyond what the handler itself keeps (measured, docs/checks.md). */
const mbForEachMb = 9

/** MB for the handler itself, below which it is a matter of luck. */
const handlerMb = 64

/** What Lambda gives a function that asks for none would be 128 MB; osls asks for this. */
const defaultMemoryMb = 1_024

/** The function's memory against the largest event that it may get. */
export const checkMemory: Check = (subject) => {
  const { MemorySize: memoryMb = defaultMemoryMb } = subject.properties
  const eventMb = Math.max(...subject.mappings.map((mapping) => largestEvent(subject, mapping))) / 1024 ** 2
  const leastMb = Math.ceil(idleMb + mbForEachMb * eventMb)
  if (memoryMb >= leastMb + handlerMb) return []
  const [code, what] =
    memoryMb < leastMb
      ? (['ML_CHECK_MEMORY', 'Lambda ends it in the middle of a batch'] as const)
      : (['ML_CHECK_MEMORY_SHORT', `${memoryMb - leastMb} MB are left for what the handler itself does`] as const)
  const text = `its memorySize is ${memoryMb} MB, and an event of ${eventMb.toFixed(1)} MB takes ${leastMb} MB while it is worked on: ${what}. Set memorySize to ${leastMb + handlerMb} or more, or say how large records are (millrace: { recordBytes }) and lower batchSize`
  return [found(code, subject, text)]
}

/** Bytes: as many records as a batch takes, where their size is known, and at most what Lambda sends. */
function largestEvent(subject: Subject, { planned, properties }: SubjectMapping): number {
  const { recordBytes } = subject.planned.settings
  const { BatchSize: batchSize = defaultBatchSize } = properties
  if (recordBytes === undefined) return payloadLimit
  return Math.min(payloadLimit, batchSize * leastWireBytes(planned.told.topic, recordBytes))
}
