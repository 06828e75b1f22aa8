import { systemClock } from '../../clock.js'
import { columns, cut } from '../columns.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { exitCodes, type Voice } from '../voice.js'
import { type Alarm, alarmsOf } from './alarms.js'
import { factsOf, type MappingFacts } from './facts.js'
import { ledgerOf } from './flight.js'
import { type Known, known } from './known.js'
import { lagOf } from './lag.js'
import { type Mapped, type Operated, withMappings } from './open.js'
import type { StatusOptions } from './options.js'
import { failuresOf } from './waiting.js'

/** `millrace status`: what each mapping does, how far it is, and what somebody has to see to. */
export const status: Command<StatusOptions> = (options, { voice }) =>
  withMappings(options, async (operated) => {
    const { target, mapped } = operated
    const [all, alarms] = await Promise.all([
      Promise.all(mapped.map((one) => learn(operated, one, options))),
      known(() => alarmsOf(target.mappings)),
    ])
    tellMappings(all, voice, options.json === true)
    const alarmed = tellAlarms(alarms, voice)
    const wrong = all.filter((one) => one.wrong.length > 0).length
    voice.say('status', `${counted(all.length, 'mapping')} of ${target.place}; ${verdict(all, wrong, alarmed)}`, {
      ...{ count: all.length, wrong, place: target.place },
      alarms: 'unknown' in alarms ? { unknown: alarms.unknown } : (alarms.value?.length ?? null),
    })
    return wrong > 0 || alarmed ? exitCodes.failed : exitCodes.ok
  })

async function learn({ target }: Operated, mapped: Mapped, options: StatusOptions): Promise<MappingFacts> {
  const [lag, ledger, failures] = await Promise.all([
    known(() => lagOf(target, mapped, options)),
    known(() => ledgerOf(target, mapped.reads, systemClock)),
    known(() => failuresOf(target, mapped.reads)),
  ])
  return factsOf(mapped, { lag, ledger, failures })
}

const heads = [
  'FUNCTION',
  'TOPIC',
  'GROUP',
  'STATE',
  'LAG',
  'PARTITIONS',
  'OPEN',
  'IN FLIGHT',
  'FAILURES',
  'NEWEST RECORD',
  'LAST RESULT',
]

function tellMappings(all: readonly MappingFacts[], voice: Voice, json: boolean): void {
  const line = columns(...heads.slice(0, -1).map((name) => name.length))
  for (const one of all) line(cells(one))
  if (!json) voice.say('head', line(heads))
  for (const one of all) voice.say('mapping', [line(cells(one)), ...details(one)].join('\n'), one)
}

function cells({ function: name, topic, group, state, lag, ledger, failures, lastResult }: MappingFacts): string[] {
  const { partitions, open, inFlight, newest } = 'value' in ledger ? ledger.value : nothing
  return [
    ...[name, topic, group, state],
    'value' in lag ? `${lag.value.from === 'MaxOffsetLag' ? 'at least ' : ''}${lag.value.records}` : '?',
    ...[String(partitions), String(open), String(inFlight)],
    'value' in failures ? `${failures.value.count}${failures.value.more ? '+' : ''}` : '?',
    typeof newest === 'string' ? newest : newest > 0 ? new Date(newest).toISOString() : '-',
    cut(lastResult ?? '-', 80),
  ]
}

const nothing = { partitions: '?', open: '?', inFlight: '?', newest: '?' } as const

/** What does not fit in a row. */
function details({ lag, wrong, paused, reason }: MappingFacts): string[] {
  return [
    ...wrong.map((text) => `  ! ${cut(text, 300)}`),
    ...(paused ? [`  paused (${reason ?? 'no reason given'}): \`millrace resume\``] : []),
    ...('unknown' in lag ? [`  lag not known: ${cut(lag.unknown, 300)}`] : []),
  ]
}

/** True where one is on, or nobody knows. */
function tellAlarms(alarms: Known<readonly Alarm[] | undefined>, voice: Voice): boolean {
  if ('unknown' in alarms) {
    voice.say('alarms', `! the alarms cannot be read: ${cut(alarms.unknown, 300)}`, { unknown: alarms.unknown })
    return true
  }
  if (alarms.value === undefined)
    voice.say('alarms', 'alarms: none on this machine, CloudWatch has those of a deployed stack')
  for (const alarm of alarms.value ?? []) {
    const since = new Date(alarm.since).toISOString()
    voice.say('alarm', `! ALARM ${alarm.name} since ${since}: ${cut(alarm.reason, 200)}`, alarm)
  }
  return (alarms.value ?? []).length > 0
}

function verdict(all: readonly MappingFacts[], wrong: number, alarmed: boolean): string {
  const blind = all.filter(({ lag }) => 'unknown' in lag).length
  const found = [...(wrong > 0 ? [`${wrong} to see to`] : []), ...(alarmed ? ['alarms to see to'] : [])]
  const judged = found.length > 0 ? found.join(', ') : 'all is well'
  return blind > 0 ? `${judged}, as far as is known: the lag of ${blind} is not` : judged
}
