/** Where Kafka is: what was said, `KAFKA_BROKERS`, or where `millrace dev` has its own. */
export function brokersOf({ brokers }: { readonly brokers?: string }, env: NodeJS.ProcessEnv = process.env): string[] {
  const list = (brokers || env.KAFKA_BROKERS || '127.0.0.1:9092').split(',').map((one) => one.trim())
  return list.filter((one) => one !== '')
}
