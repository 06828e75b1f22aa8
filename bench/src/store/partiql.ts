/** A statement, read: what is set, and what must hold, each by the place of its parameter. */
export type Statement =
  | { readonly kind: 'insert'; readonly table: string; readonly names: readonly string[] }
  | {
      readonly kind: 'update'
      readonly table: string
      readonly sets: readonly string[]
      readonly where: readonly { readonly name: string; readonly operator: string }[]
    }

const read = new Map<string, Statement>()

/** @throws Error for a statement of another form than the ledger's: better no figure than a wrong one */
export function readStatement(text: string): Statement {
  const known = read.get(text)
  if (known !== undefined) return known
  const made = insertOf(text) ?? updateOf(text)
  if (made === undefined) throw new Error(`the fake store cannot read the statement ${text}`)
  read.set(text, made)
  return made
}

function insertOf(text: string): Statement | undefined {
  const [, table, fields] = /^INSERT INTO "([^"]+)" VALUE \{(.+)\}$/.exec(text) ?? []
  if (table === undefined || fields === undefined) return undefined
  const names = fields.split(',').map((field) => /^\s*'(\w+)'\s*:\s*\?\s*$/.exec(field)?.[1])
  return names.every((name) => name !== undefined) ? { kind: 'insert', table, names } : undefined
}

function updateOf(text: string): Statement | undefined {
  const [, table, assignments, conditions] =
    /^UPDATE "([^"]+)" SET (.+?) WHERE (.+?)(?: RETURNING .+)?$/.exec(text) ?? []
  if (table === undefined || assignments === undefined || conditions === undefined) return undefined
  const sets = assignments.split(',').map((one) => /^\s*"(\w+)"\s*=\s*\?\s*$/.exec(one)?.[1])
  const where = conditions.split(' AND ').map((one) => {
    const [, name, operator] = /^\s*"(\w+)"\s*(=|<>|<=|>=|<|>)\s*\?\s*$/.exec(one) ?? []
    return name === undefined || operator === undefined ? undefined : { name, operator }
  })
  if (!sets.every((name) => name !== undefined) || !where.every((one) => one !== undefined)) return undefined
  return { kind: 'update', table, sets, where }
}
