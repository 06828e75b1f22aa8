/** `bundle:` of `custom.millrace` and of a function's `millrace`, as JSON schema. */
export const bundleSchema = {
  type: 'object',
  properties: { budgetKb: { type: 'integer', minimum: 1 } },
  additionalProperties: false,
} as const
