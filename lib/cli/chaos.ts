import { randomInt } from 'node:crypto'
import { MillraceError } from '../errors.js'
import {
  accountant,
  type ChaosReport,
  type FaultKind,
  type FaultyStack,
  faultKinds,
  runChaos,
  startFaultyStack,
} from '../testing/faults/index.js'
import { loadRecords, type OutgoingRecord, seededRandom } from '../testing/load/index.js'
import type { ChaosCommandOptions } from './chaos-options.js'
import type { Command } from './command.js'
import { packaged } from './dev.js'
import { template } from './produce.js'
import { recordsOfLines } from './produce-lines.js'
import { usage, type Voice } from './voice.js'

/** `millrace chaos`: the service in the current folder on a stack of its own, under load and faults, and what became of it. */
export const chaos: Command<ChaosCommandOptions> = async (options, { voice, stopping }) => {
  const { signal } = stopping
  const { seed = randomInt(1, 2 ** 31), minutes } = options
  const records = recordsFor(options, signal)
  const only = options.only === undefined ? undefined : kindsOf(options.only)
  if (options.package && !(await packaged(voice, stopping))) return
  const accounts = accountant()
  const stack = await startFaultyStack({
    serviceDir: '.',
    // Topics are deleted here: never those of somebody's cluster.
    ignoreEnvironment: true,
    random: seededRandom(seed),
    mapping: { onBatch: accounts.onBatch, onDiscard: accounts.onDiscard },
    ...(options.verbose ? logs(voice) : {}),
  })
  let report: ChaosReport
  try {
    begin(stack, seed, voice)
    report = await runChaos({
      stack,
      accountant: accounts,
      seed,
      signal,
      records,
      faults: options.faults ?? (minutes === undefined ? 20 : Number.POSITIVE_INFINITY),
      ratePerSecond: options.rate,
      drainMs: options.drain * 1000,
      onFault: (made) => voice.say('fault', `${made.kind}: ${made.what}`, made),
      ...(minutes === undefined ? {} : { limitMs: minutes * 60_000 }),
      ...(only ? { only } : {}),
    })
  } finally {
    await stack.stop()
  }
  voice.say('report', reportText(report), report)
  if (report.ok) return
  throw new MillraceError(
    'ML_CHAOS_UNSETTLED',
    `the service did not come through it; \`millrace chaos --seed ${seed}\` chooses the same faults again`,
  )
}

function kindsOf(text: string): readonly FaultKind[] {
  return text.split(',').map((name) => {
    const kind = faultKinds.find((one) => one === name.trim())
    if (kind !== undefined) return kind
    throw usage(`--only ${text}: there is no fault "${name.trim()}"; choose from ${faultKinds.join(', ')}`)
  })
}

function recordsFor({ file, value, keys }: ChaosCommandOptions, signal: AbortSignal) {
  const make = value === undefined ? {} : { value: template(value) }
  return (seed: number): Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord> =>
    file === undefined
      ? loadRecords({ seed, ...(keys === undefined ? {} : { keys }), ...make })
      : overAndOver(file, signal)
}

async function* overAndOver(file: string, signal: AbortSignal): AsyncGenerator<OutgoingRecord> {
  for (let any = true; any && !signal.aborted; ) {
    any = false
    for await (const record of recordsOfLines({ file, plain: false, signal })) {
      any = true
      yield record
    }
  }
}

function logs(voice: Voice) {
  return {
    log: (line: string) => voice.say('log', line, { line }),
    functionLog: (line: string, { functionName, pid }: { functionName: string; pid: number }) =>
      voice.say('function', `${functionName} | ${line}`, { function: functionName, pid, line }),
  }
}

function begin({ brokers, dynamodbUrl, running }: FaultyStack, seed: number, voice: Voice): void {
  const mappings = running.map(({ config }) => `${config.topic} → ${config.functionName}`)
  voice.say('chaos', `seed ${seed}; ${mappings.join(', ')}; Kafka ${brokers.join(',')}, DynamoDB ${dynamodbUrl}`, {
    seed,
    brokers,
    dynamodbUrl,
    mappings: running.map(({ config }) => config.id),
  })
}

/** Records that are named in the report for people; JSON has them all. */
const mostNamed = 20

/** A report for people. */
export function reportText(report: ChaosReport): string {
  const { faults, invocations, unsettled, violations } = report
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []))
      .join(', ') || 'none'
  return [
    `seed         ${report.seed}`,
    `faults       ${counts(Object.fromEntries(faultKinds.map((kind) => [kind, faults[kind]])))}`,
    `invocations  ${counts(invocations)}`,
    `records      ${report.produced} produced, ${report.delivered} delivered (${report.deliveries} deliveries), ${report.settled} settled`,
    `reports      ${report.reported} to be delivered again, ${report.givenUp} given up by a mapping's limits`,
    `left         ${report.undelivered} never delivered, ${unsettled.length} not settled${report.drained ? '' : '; the groups have records left to read'}`,
    ...unsettled.slice(0, mostNamed).map((id) => `             ${id}`),
    ...violations.slice(0, mostNamed).map((what) => `answer       ${what}`),
    report.ok ? 'ok' : 'NOT ok',
  ].join('\n')
}
