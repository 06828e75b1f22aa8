/**
 * What is asked of the embedded broker and of Apache Kafka alike.
 *
 * @module
 */
import type { Case } from '../case.js'
import { commitCases } from './commits.js'
import { configCases } from './configs.js'
import { fetchCases } from './fetch.js'
import { groupCases } from './groups.js'
import { idempotenceCases } from './idempotence.js'
import { offsetDeleteCases } from './offset-delete.js'
import { offsetCases } from './offsets.js'
import { produceCases } from './produce.js'
import { rawCases } from './raw.js'
import { rawBatchCases } from './raw-batches.js'
import type { KafkaSide } from './side.js'
import { topicCases } from './topics.js'
import { transactionRequestCases } from './transaction-requests.js'
import { transactionCases } from './transactions.js'

export { onKafka } from './side.js'

export const kafkaCases: readonly Case<KafkaSide>[] = [
  ...topicCases,
  ...configCases,
  ...produceCases,
  ...fetchCases,
  ...offsetCases,
  ...groupCases,
  ...commitCases,
  ...offsetDeleteCases,
  ...idempotenceCases,
  ...transactionCases,
  ...transactionRequestCases,
  ...rawCases,
  ...rawBatchCases,
]
