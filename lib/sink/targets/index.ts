/**
 * Sinks for what a function writes (`onSuccess`) or gives up on (`fallback`): a DynamoDB table, a service over HTTP, standard
 * output. A bundle has only what it imports.
 *
 * @module
 */
export { type ConsoleSinkOptions, consoleSink } from './console.js'
export { type DynamodbSinkOptions, dynamodbSink } from './dynamodb.js'
export { type HttpSinkOptions, httpSink } from './http.js'
