import { Kafka, logLevel } from 'kafkajs'
import { quietKafkajs } from '../lib/local/esm/index.js'

/** The main job's own plain client, for producing and for looking. */
export function kafkaClient(brokers: readonly string[], log: (line: string) => void): Kafka {
  quietKafkajs()
  return new Kafka({
    clientId: 'millrace-start',
    brokers: [...brokers],
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ label, namespace, log: { message } }) =>
        log(`kafkajs ${label} ${namespace}: ${message}`),
  })
}
