/** A statement of an IAM policy, as CloudFormation spells it. */
export interface Statement {
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  /** ARNs, as text or as CloudFormation functions. */
  readonly Resource: readonly unknown[]
  readonly Condition?: object
}

/** A statement, or none where there is nothing to allow it on. */
export function allow(
  service: string,
  actions: readonly string[],
  resources: readonly unknown[],
  condition?: object,
): readonly Statement[] {
  if (resources.length === 0) return []
  const Action = actions.map((action) => `${service}:${action}`)
  return [{ Effect: 'Allow', Action, Resource: resources, ...(condition && { Condition: condition }) }]
}

/** A key may be used by this service on the function's behalf, never by the function itself. */
export function onlyThrough(service: string): { readonly StringEquals: Record<string, unknown> } {
  return { StringEquals: { 'kms:ViaService': { 'Fn::Sub': `${service}.\${AWS::Region}.\${AWS::URLSuffix}` } } }
}

/** The same permissions in as few statements as may be: a role has 10,240 characters for them. */
export function merged(statements: readonly Statement[]): readonly Statement[] {
  const byAction = new Map<string, Statement>()
  for (const statement of statements) {
    const key = JSON.stringify([statement.Action, statement.Condition])
    const before = byAction.get(key)?.Resource ?? []
    byAction.set(key, { ...statement, Resource: unique([...before, ...statement.Resource]) })
  }
  return [...byAction.values()]
}

/** Each value once, in their order; CloudFormation functions are objects that are written anew for every use. */
export function unique(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
