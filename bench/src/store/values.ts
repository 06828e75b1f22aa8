/** An attribute value, as far as the sides of this benchmark write them: bytes in base64. */
export type Value = Readonly<Record<string, unknown>>

export type Item = Readonly<Record<string, Value>>

/** A value as something that compares: numbers as numbers, all else as text. */
export function comparable(value: Value | undefined): number | string | undefined {
  if (value === undefined) return undefined
  return value.N === undefined ? String(Object.values(value)[0]) : Number(value.N)
}

/** What writing an item of this size costs: one write unit per started kilobyte. */
export const writeUnitsOf = (item: Item | undefined): number => Math.max(1, Math.ceil(sizeOf(item ?? {}) / 1024))

/** The size of an item by DynamoDB's rules, near enough for units. */
function sizeOf(item: Item): number {
  let bytes = 0
  for (const name in item) bytes += name.length + valueSize(item[name])
  return bytes
}

function valueSize(value: Value | undefined): number {
  if (value === undefined) return 0
  const { S, N, B } = value
  if (typeof S === 'string') return Buffer.byteLength(S)
  if (typeof N === 'string') return Math.ceil(N.length / 2) + 1
  if (typeof B === 'string') return Math.floor((B.length * 3) / 4)
  return JSON.stringify(value).length
}
