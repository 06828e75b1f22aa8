import { type Change, changed, checkSettings } from '../log/settings.js'
import { type Code, code } from '../wire/codes.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { type Refusal, type Resource, readResource, resolve } from './resources.js'
import { stored } from './stored.js'

interface Result {
  readonly resource: Resource
  readonly error: Code
  readonly message: string | null
}

/** AlterConfigs: replaces all settings of a topic. */
export const alterConfigs = defineApi({
  key: 33,
  name: 'AlterConfigs',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  decode(reader) {
    const wanted = reader.array((item) => {
      const resource = readResource(item)
      const values = item.array((one) => {
        const value = [one.string(), one.nullableString() ?? ''] as const
        one.tags()
        return value
      })
      item.tags()
      return { resource, values: new Map(values) }
    })
    const validateOnly = reader.boolean()
    reader.tags()
    return { wanted, validateOnly }
  },
  handle: ({ wanted, validateOnly }, context) =>
    wanted.map(({ resource, values }) => alter(resource, () => values, validateOnly, context)),
  encode: writeResults,
})

/** IncrementalAlterConfigs: sets, or takes back, some settings of a topic. */
export const incrementalAlterConfigs = defineApi({
  key: 44,
  name: 'IncrementalAlterConfigs',
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 1,
  decode(reader) {
    const wanted = reader.array((item) => {
      const resource = readResource(item)
      const changes = item.array((one): Change => {
        const change = { name: one.string(), operation: one.int8(), value: one.nullableString() }
        one.tags()
        return change
      })
      item.tags()
      return { resource, changes }
    })
    const validateOnly = reader.boolean()
    reader.tags()
    return { wanted, validateOnly }
  },
  handle: ({ wanted, validateOnly }, context) =>
    wanted.map(({ resource, changes }) => alter(resource, (now) => after(now, changes), validateOnly, context)),
  encode: writeResults,
})

/** The operation that needs no value. */
const takeBack = 1
/** The last of the operations. */
const subtract = 3

/** The values after some changes, or why they cannot be made. */
function after(now: Overrides, changes: readonly Change[]): Overrides | Refusal {
  const names = changes.map(({ name }) => name)
  const unclear = changes.find(({ name, operation, value }, index) => {
    return names.indexOf(name) !== index || (operation !== takeBack && value === null)
  })
  if (unclear !== undefined) {
    return { error: code.invalidRequest, message: `${unclear.name}: give one value, or none at all to take it back` }
  }
  const unknown = changes.find(({ operation }) => operation < 0 || operation > subtract)
  // As in Kafka, which fails inside over it.
  if (unknown !== undefined) {
    return { error: code.unknownServerError, message: `there is no operation ${unknown.operation}` }
  }
  const values = changed(now, changes)
  return typeof values === 'string' ? { error: code.invalidConfig, message: values } : values
}

type Overrides = ReadonlyMap<string, string>

function alter(
  resource: Resource,
  next: (now: Overrides) => Overrides | Refusal,
  validateOnly: boolean,
  context: Context,
): Result {
  const found = resolve(resource, context)
  if (found === 'broker') {
    return { resource, error: code.invalidRequest, message: 'give the settings of this broker when it is started' }
  }
  if ('error' in found) return { resource, ...found }
  const values = next(found.overrides)
  if ('error' in values) return { resource, ...values }
  const { applied, ignored, refusal } = checkSettings(values)
  if (refusal !== undefined) return { resource, error: code.invalidConfig, message: refusal }
  const configure = () => {
    context.topics.configure(found.name, applied)
    return code.none
  }
  const failed = validateOnly ? code.none : stored(configure, context)
  if (failed !== code.none) return { resource, error: failed, message: 'its files cannot be written' }
  if (ignored.length > 0) context.log(`topic ${found.name}: this broker does not apply ${ignored.join(', ')}`)
  return { resource, error: code.none, message: null }
}

function writeResults(writer: Writer, results: readonly Result[]): void {
  writer.int32(0) // throttle time
  writer.array(results, ({ resource, error, message }) => {
    writer.int16(error).string(message).int8(resource.type).string(resource.name).tags()
  })
  writer.tags()
}
