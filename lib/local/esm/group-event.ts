/** What a poller, a member of the mapping's group, has to say of its partitions. */
export type GroupEvent = {
  /** Logical id of the mapping. */
  readonly mapping: string
  /** Id of the poller, `<mapping>/<number>`. */
  readonly poller: string
} & (
  | { readonly kind: 'assigned'; readonly partitions: readonly number[] }
  /** By partition, the offset that is read next. */
  | { readonly kind: 'committed'; readonly offsets: Readonly<Record<number, number>> }
)

/** For people. */
export function assignmentLine(before: readonly number[], after: readonly number[]): string {
  const gained = after.filter((partition) => !before.includes(partition))
  const lost = before.filter((partition) => !after.includes(partition))
  const list = (name: string, partitions: readonly number[]) =>
    partitions.length === 0 ? '' : `; ${name}: ${partitions.join(' ')}`
  return `assigned partitions: ${after.join(' ') || 'none'}${list('gained', gained)}${list('lost', lost)}`
}
