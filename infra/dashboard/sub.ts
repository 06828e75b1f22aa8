import type { Value } from '../metrics/index.js'

/** Makes texts for `Fn::Sub`: what is a reference becomes one, what is text stays as it is. */
export class Substitution {
  readonly #variables = new Map<string, { readonly name: string; readonly value: object }>()

  /** A value within a text that {@link Substitution.of} gets. */
  text(value: Value): string {
    if (typeof value === 'string') return value.replaceAll('${', '${!')
    const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: readonly string[] }
    if (typeof Ref === 'string') return `\${${Ref}}`
    if (Array.isArray(attribute)) return `\${${attribute.join('.')}}`
    const key = JSON.stringify(value)
    const name = this.#variables.get(key)?.name ?? `Value${this.#variables.size}`
    this.#variables.set(key, { name, value })
    return `\${${name}}`
  }

  of(text: string): object {
    if (this.#variables.size === 0) return { 'Fn::Sub': text }
    const variables = [...this.#variables.values()].map(({ name, value }) => [name, value])
    return { 'Fn::Sub': [text, Object.fromEntries(variables)] }
  }
}
