/**
 * The sink for SQS queues, apart from the others so that only functions that import it bundle its client.
 *
 * @module
 */
export { type SqsSinkOptions, sqsSink } from './sqs.js'
