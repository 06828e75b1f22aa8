/**
 * Kafka topics as sinks, and a producer for handlers.
 *
 * Of kafkajs this takes the connections, with TLS and SASL, and not its producer (2.2.4), whose `send` has one result for many
 * partitions, numbers batches wrongly once it has rejected (a broker then takes new records for old ones, and drops them), and
 * resolves without having sent what moved to another broker meanwhile.
 *
 * @module
 */
export { clientSecurity, type KafkaConnection, type TlsOptions } from './options.js'
export { partitioner } from './partitions.js'
export { type KafkaProducer, type KafkaProducerOptions, kafkaProducer, type ProducerRecord } from './producer.js'
export type { RecordMetadata } from './record.js'
export type { SaslOptions } from './sasl.js'
export { type KafkaSinkOptions, kafkaSink } from './sink.js'
