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

/** An alarm with its logical id and what its name consists of. */
interface Named {
  readonly id: string
  readonly name: readonly string[]
  readonly alarm: Alarm
}

/** Adds the alarms. Returns their logical ids. */
export function addAlarms(plan: Plan): readonly string[] {
  const { alarms } = plan.settings
  const topic = alarms === false ? undefined : alarms?.topic
  const all = [...serviceAlarms(plan), ...plan.functions.flatMap((fn) => alarmsOf(plan, fn))]
  const names = alarmNames(`${plan.service.service}-${plan.stage}-`, new Map(all.map((one) => [one, one.name])))
  for (const [{ id, alarm }, name] of names) plan.resources[id] = alarmResource(name, alarm, topic)
  return all.map(({ id }) => id)
}

function serviceAlarms(plan: Plan): Named[] {
  const { alarms } = plan.settings
  if (alarms === false || alarms?.failuresWaiting === false) return []
  const alarm = failuresWaiting(plan, alarms?.failuresWaiting ?? {})
  return alarm === undefined ? [] : [{ id: logicalId('Millrace', 'failuresWaiting'), name: ['failuresWaiting'], alarm }]
}

function alarmsOf(plan: Plan, fn: PlannedFunction): Named[] {
  const ask = <K extends AlarmKind>(kind: K) => chosen(kind, fn.settings.alarms, plan.settings.alarms)
  const named = (of: string, parts: readonly string[], made: readonly (readonly [string, Alarm])[]): Named[] =>
    made.map(([kind, alarm]) => ({ id: logicalId(of, kind), name: [...parts, kind], alarm }))
  return [
    ...named(fn.logicalId, [fn.name], make(functionMakers(fn), ask)),
    ...fn.mappings.flatMap((mapping) =>
      named(mapping.logicalId, [fn.name, mapping.told.topic], make(mappingMakers(plan, fn, mapping), ask)),
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
