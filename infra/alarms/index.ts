/**
 * The alarms of a service, made from its functions and mappings.
 *
 * @module
 */
import type { Plan, PlannedFunction } from '../plan.js'
import { type Alarm, alarmResource } from './alarm.js'
import { failuresWaiting, functionMakers, type Makers, mappingMakers } from './kinds.js'
import { alarmNames, logicalId } from './naming.js'
import { type AlarmKind, type AlarmSettings, chosen } from './settings.js'

export { defaultStallSeconds } from './kinds.js'
export {
  chosen,
  type FunctionAlarms,
  functionAlarmsSchema,
  type ServiceAlarms,
  serviceAlarmsSchema,
} from './settings.js'

/** An alarm with what its name consists of, and the condition under which that is deployed which it watches. */
interface Named {
  readonly name: readonly string[]
  readonly alarm: Alarm
  readonly condition?: string | undefined
}

/** Adds the alarms. Returns their logical ids. */
export function addAlarms(plan: Plan): readonly string[] {
  const { alarms } = plan.settings
  const topic = alarms === false ? undefined : alarms?.topic
  const all = [...serviceAlarms(plan), ...plan.functions.flatMap((fn) => alarmsOf(plan, fn))]
  const prefix = `${plan.service.service}-${plan.stage}-`
  const names = alarmNames(prefix, new Map(all.map((one) => [one, one.name])))
  return [...names].map(([{ alarm, condition }, name]) => {
    const id = logicalId(name.slice(prefix.length))
    plan.resources[id] = { ...alarmResource(name, alarm, topic), ...(condition && { Condition: condition }) }
    return id
  })
}

function serviceAlarms(plan: Plan): Named[] {
  const { alarms } = plan.settings
  if (alarms === false || alarms?.failuresWaiting === false) return []
  const alarm = failuresWaiting(plan, alarms?.failuresWaiting ?? {})
  return alarm === undefined ? [] : [{ name: ['failuresWaiting'], alarm }]
}

function alarmsOf(plan: Plan, fn: PlannedFunction): Named[] {
  const ask = <K extends AlarmKind>(kind: K) => chosen(kind, fn.settings.alarms, plan.settings.alarms)
  const { condition } = fn.declared
  const named = (parts: readonly string[], made: readonly (readonly [string, Alarm])[]): Named[] =>
    made.map(([kind, alarm]) => ({ name: [...parts, kind], alarm, condition }))
  return [
    ...named([fn.name], make(functionMakers(fn), ask)),
    ...fn.mappings.flatMap((mapping) =>
      named([fn.name, mapping.told.topic], make(mappingMakers(plan, fn, mapping), ask)),
    ),
  ]
}

function make<K extends AlarmKind>(
  makers: Makers<K>,
  ask: <P extends K>(kind: P) => false | AlarmSettings[P] | undefined,
): readonly (readonly [K, Alarm])[] {
  const one = <P extends K>(kind: P): readonly (readonly [P, Alarm])[] => {
    const asked = ask(kind)
    const alarm = asked === false ? undefined : makers[kind](asked)
    return alarm === undefined ? [] : [[kind, alarm]]
  }
  return (Object.keys(makers) as K[]).flatMap((kind) => one(kind))
}
