/** Where an on-failure destination is. */
export interface Place {
  readonly kind: 'sqs' | 'sns' | 's3' | 'kafka'
  /** Of the queue, topic or bucket. */
  readonly name: string
  /** As the mapping has it. */
  readonly destination: string
}

/** Undefined for what Lambda takes for no destination. */
export function readDestination(destination: string): Place | undefined {
  const kafka = /^kafka:\/\/([^.][a-zA-Z0-9\-_.]{0,248})$/.exec(destination)?.[1]
  if (kafka !== undefined) return { kind: 'kafka', name: kafka, destination }
  const [arn, partition, kind, , , ...rest] = destination.split(':')
  const name = rest.join(':')
  if (arn !== 'arn' || !partition || !/^[\w.-]+$/.test(name)) return undefined
  return kind === 'sqs' || kind === 'sns' || kind === 's3' ? { kind, name, destination } : undefined
}
