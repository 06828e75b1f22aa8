/**
 * Apache Kafka and DynamoDB Local, each in a process that never outlives this one.
 *
 * @module
 */
export { startDynamodb } from './dynamodb.js'
export { startKafka } from './kafka.js'
export type { Service } from './service.js'
