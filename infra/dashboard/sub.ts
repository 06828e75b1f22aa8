import type { Value } from '../metrics/index.js'
import type { Resource } from '../serverless.js'

/** What a dashboard has in the place of an alarm that is not deployed: it takes ARNs of alarms only. */
const noAlarm = { 'Fn::Sub': `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:none` }

/** Makes texts for `Fn::Sub`: what is a reference becomes one, what is text stays as it is. */
export class Substitution {
  readonly #variables = new Map<string, { readonly name: string; readonly value: object }>()
  readonly #resources: Readonly<Record<string, Resource>>

  /** @param resources the template's, of which some may be deployed under a condition only */
  constructor(resources: Readonly<Record<string, Resource>>) {
    this.#resources = resources
  }

  /** A value within a text that {@link Substitution.of} gets. */
  text(value: Value): string {
    if (typeof value === 'string') return value.replaceAll('${', '${!')
    const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: readonly string[] }
    const Condition = this.#resources[String(Ref ?? attribute?.[0])]?.Condition
    if (typeof Condition === 'string')
      return this.#variable({ 'Fn::If': [Condition, value, attribute ? noAlarm : '-'] })
    if (typeof Ref === 'string') return `\${${Ref}}`
    if (Array.isArray(attribute)) return `\${${attribute.join('.')}}`
    return this.#variable(value)
  }

  #variable(value: object): string {
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
