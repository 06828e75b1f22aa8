/**
 * What a broker's answer means for a batch: `written`; `again`: the same batch, once the cluster is asked anew who leads;
 * `unknown`: the broker no longer knows this producer, which becomes another one; `large`, `bad`: some record of it can never be
 * written; `refused`: nothing of it, until somebody mends the cluster.
 */
export type Verdict = 'written' | 'again' | 'unknown' | 'large' | 'bad' | 'refused'

const named: Readonly<Record<number, readonly [Verdict, string]>> = {
  0: ['written', 'written'],
  2: ['again', 'CORRUPT_MESSAGE: it was damaged on its way'],
  3: ['again', 'UNKNOWN_TOPIC_OR_PARTITION: the broker does not know the partition'],
  5: ['again', 'LEADER_NOT_AVAILABLE: a leader is being elected'],
  6: ['again', 'NOT_LEADER_OR_FOLLOWER: another broker leads the partition'],
  7: ['again', 'REQUEST_TIMED_OUT: the replicas did not acknowledge in time'],
  10: ['large', "MESSAGE_TOO_LARGE: it is larger than the topic's max.message.bytes"],
  17: ['refused', 'INVALID_TOPIC_EXCEPTION: no topic can have this name'],
  18: ['large', "RECORD_LIST_TOO_LARGE: it is larger than the topic's segments"],
  19: ['again', 'NOT_ENOUGH_REPLICAS: fewer are in sync than min.insync.replicas'],
  20: ['again', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND: fewer are in sync than min.insync.replicas'],
  29: ['refused', 'TOPIC_AUTHORIZATION_FAILED: this client may not write to the topic'],
  31: ['refused', 'CLUSTER_AUTHORIZATION_FAILED: this client may not write idempotently (IdempotentWrite)'],
  32: ['bad', 'INVALID_TIMESTAMP: its timestamp is out of the range that the topic takes'],
  44: ['refused', 'POLICY_VIOLATION: a policy of the cluster forbids it'],
  45: ['unknown', 'OUT_OF_ORDER_SEQUENCE_NUMBER: the broker misses something before it'],
  // The batch is there; the broker no longer knows at which offset.
  46: ['written', 'DUPLICATE_SEQUENCE_NUMBER'],
  47: ['unknown', 'INVALID_PRODUCER_EPOCH: the broker knows a later producer'],
  56: ['again', 'KAFKA_STORAGE_ERROR: the disk of the broker failed'],
  59: ['unknown', 'UNKNOWN_PRODUCER_ID: the broker has forgotten this producer'],
  87: ['bad', 'INVALID_RECORD: the topic does not take such a record (a compacted topic wants keys)'],
}

/** By the protocol's error code. */
export function verdictOf(code: number): { readonly verdict: Verdict; readonly meaning: string } {
  const [verdict, meaning] = named[code] ?? ['again', `error code ${code} of Kafka's protocol`]
  return { verdict, meaning }
}
