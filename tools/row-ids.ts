/** How many rows of the requirements each letter has. */
const counts = { T: 25, E: 11, K: 17, P: 28, R: 45 } as const

/** The ids of all rows, in their order. */
export const rowIds: readonly string[] = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => rowId(letter, index + 1)),
)

/** A row that a test's name says it proves, wholly or partly. */
export interface Mention {
  readonly id: string
  readonly partly: boolean
}

const id = String.raw`[A-Z]-\d+`
const item = String.raw`${id}(?:\s*\.\.\s*${id})?(?:\s+\(?partly\)?)?`
const brackets = new RegExp(String.raw`\[(${item}(?:\s*,\s*${item})*)\]`, 'g')

/** The rows that a test's name mentions in brackets: `[T-03]`, `[P-01, P-02 partly]`, `[E-01..E-04]`. */
export function mentions(name: string): Mention[] {
  return [...name.matchAll(brackets)].flatMap(([, list = '']) => list.split(',').flatMap(mention))
}

function mention(text: string): Mention[] {
  const partly = text.includes('partly')
  const [first = '', last = first] = text.match(new RegExp(id, 'g')) ?? []
  const [letter = '', from = 0] = parts(first)
  const [lastLetter, to = 0] = parts(last)
  if (lastLetter !== letter || to < from) throw new Error(`"${text.trim()}" is no range of rows`)
  return Array.from({ length: to - from + 1 }, (_, index) => ({ id: rowId(letter, from + index), partly }))
}

function parts(id: string): [string, number] {
  const [letter = '', number = ''] = id.split('-')
  return [letter, Number(number)]
}

function rowId(letter: string, number: number): string {
  return `${letter}-${String(number).padStart(2, '0')}`
}
