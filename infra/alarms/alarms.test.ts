import { describe, expect, it } from 'vitest'
import { planOf } from '../plan.fixture.js'
import { addAlarms } from './index.js'
import { evaluate, goesOff, type Series } from './math.fixture.js'

interface Properties {
  readonly AlarmName: string
  readonly Threshold: number
  readonly EvaluationPeriods: number
  readonly TreatMissingData: string
  readonly AlarmActions?: readonly unknown[]
  readonly OKActions?: readonly unknown[]
  readonly Metrics: readonly {
    readonly Id: string
    readonly Expression?: string
    readonly MetricStat?: {
      readonly Period: number
      readonly Stat: string
      readonly Metric: { readonly MetricName: string; readonly Dimensions: readonly object[] }
    }
    readonly ReturnData: boolean
  }[]
}

function alarmsOf(...given: Parameters<typeof planOf>) {
  const { plan, warnings } = planOf(...given)
  const ids = addAlarms(plan)
  const all = ids.map((id) => plan.resources[id]?.Properties as unknown as Properties)
  const of = (kind: string) => {
    const found = all.find(({ AlarmName }) => AlarmName.endsWith(`-${kind}`))
    if (found === undefined) throw new Error(`there is no alarm ${kind} among ${all.map((one) => one.AlarmName)}`)
    return found
  }
  return { all, of, warnings, plan, kinds: all.map(({ AlarmName }) => AlarmName.split('-').at(-1)) }
}

/** Whether the alarm goes off, at the end of such series of its metrics. */
function fires(alarm: Properties, series: Record<string, Series>): boolean {
  const math = alarm.Metrics.find(({ Expression }) => Expression !== undefined)?.Expression
  const [only = 'none'] = alarm.Metrics.map(({ Id }) => Id)
  const values = evaluate(math ?? only, series)
  return goesOff(values, { threshold: alarm.Threshold, periods: alarm.EvaluationPeriods })
}

const none = undefined
const minutes = (value: number | undefined, n = 5): Series => Array.from({ length: n }, () => value)

describe('The stall alarm', () => {
  const stall = alarmsOf({ orders: ['orders'] }).of('stall')
  /** As a mapping has them whose batches never come to anything but ok. */
  const quiet = { fallback: minutes(none), drop: minutes(none), duplicate: minutes(none) }

  it.each<[string, boolean, Record<string, Series>]>([
    ['goes off when there is lag and nothing is settled', true, { lag: minutes(9), ok: minutes(0) }],
    ['goes off when there is lag and the function is not even invoked', true, { lag: minutes(9), ok: minutes(none) }],
    ['is quiet while something goes well', false, { lag: minutes(9), ok: minutes(3) }],
    ['is quiet while records are given up on', false, { lag: minutes(9), ok: minutes(0), fallback: minutes(1) }],
    ['is quiet while records are dropped', false, { lag: minutes(9), ok: minutes(0), drop: minutes(1) }],
    ['is quiet while duplicates are settled', false, { lag: minutes(9), ok: minutes(0), duplicate: minutes(1) }],
    ['is quiet without lag', false, { lag: minutes(0), ok: minutes(0) }],
    ['is quiet without lag and invocations', false, { lag: minutes(0), ok: minutes(none) }],
    ['is quiet when one minute in five settled something', false, { lag: minutes(9), ok: [none, 0, 4, none, 0] }],
    [
      'is quiet when what was settled in the last minute is not told yet',
      false,
      { lag: minutes(9), ok: [3, 3, 3, 3, none] },
    ],
    ['does not go off when the mapping does not tell its lag', false, { lag: minutes(none), ok: minutes(0) }],
  ])('%s [E-10 partly]', (_, expected, series) => {
    expect(fires(stall, { ...quiet, ...series })).toBe(expected)
  })

  it('waits 5 minutes, longer where a batch may take longer, and as long as it is told [E-10 partly]', () => {
    const seconds = (more: Parameters<typeof planOf>[1]) =>
      alarmsOf({ orders: ['orders'] }, more).of('stall').EvaluationPeriods * 60
    expect(stall.Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? [])).toEqual([60, 60, 60, 60, 60])
    expect(seconds({})).toBe(300)
    expect(seconds({ timeout: 840 })).toBe(960)
    expect(seconds({ timeout: 840, alarms: { stall: { stallSeconds: 600 } } })).toBe(600)
  })

  it('says that nobody knows when the mapping does not tell its lag, and cannot be where it never does', () => {
    expect(stall.TreatMissingData).toBe('missing')
    const narrowed = alarmsOf({ orders: ['orders'] }, { metrics: ['EventCount'] })
    expect(narrowed.kinds).not.toContain('stall')
    expect(narrowed.warnings).toEqual([
      expect.stringMatching(/function orders, topic orders: .*KafkaMetrics.* no stall alarm/),
    ])
    expect(alarmsOf({ orders: ['orders'] }, { metrics: [], alarms: { stall: false } }).warnings).toEqual([])
  })

  it('goes on demand by the lag of the function, which is the topic’s where it reads no other', () => {
    const onDemand = { partialResponses: false }
    const [lag] = alarmsOf({ orders: ['orders'] }, onDemand).of('stall').Metrics
    expect(lag?.MetricStat?.Metric).toMatchObject({ MetricName: 'OffsetLag', Dimensions: [{ Name: 'FunctionName' }] })
    const several = alarmsOf({ orders: ['orders', 'returns'] }, onDemand)
    expect(several.kinds).not.toContain('stall')
    expect(several.warnings).toEqual([
      expect.stringMatching(
        /topic orders: on demand, beside other topics .* no stall alarm; add provisionedPollerConfig/,
      ),
      expect.stringMatching(/topic returns: /),
    ])
  })
})

describe('The other alarms go off above their thresholds, and stay quiet where nothing was published:', () => {
  it.each<[string, Parameters<typeof planOf>[1], Record<string, Series>, Record<string, Series>]>([
    ['fallbackRate', {}, { fallback: [6], records: [100] }, { fallback: [5], records: [100] }],
    [
      'fallbackRate',
      { alarms: { fallbackRate: { percent: 20 } } },
      { fallback: [21], records: [100] },
      { fallback: [20], records: [100] },
    ],
    ['fallbackRate', {}, { fallback: [1], records: [1] }, { fallback: [none], records: [100] }],
    ['fallbackRate', {}, { fallback: [9], records: [9] }, { fallback: [none], records: [0] }],
    ['abandoned', {}, { abandoned: [1] }, { abandoned: [none] }],
    ['abandoned', { alarms: { abandoned: { records: 5 } } }, { abandoned: [6] }, { abandoned: [5] }],
    ['recreated', {}, { recreated: [1] }, { recreated: [none] }],
    ['contractErrors', {}, { errors: [1] }, { errors: [none] }],
    ['errors', {}, { errors: [1] }, { errors: [0] }],
    ['errors', { ofFunctions: { alarms: { errors: { count: 3 } } } }, { errors: [4] }, { errors: [3] }],
    ['throttles', {}, { throttles: [1, 1, 1] }, { throttles: [1, 0, 1] }],
    [
      'latency',
      { alarms: { latency: { p99Ms: 5_000 } } },
      { latency: [5_001, 9_000, 9_000] },
      { latency: [9_000, 5_000, 9_000] },
    ],
  ])('%s', (kind, more, loud, quiet) => {
    const alarm = alarmsOf({ orders: ['orders'] }, more).of(kind)
    expect([fires(alarm, loud), fires(alarm, quiet)]).toEqual([true, false])
    expect(alarm.TreatMissingData).toBe('notBreaching')
  })
})

describe('What an alarm watches', () => {
  const everyAlarm = alarmsOf({ orders: ['orders'] }, { alarms: { latency: { p99Ms: 1 } } })

  it.each([
    ['stall', ['Maximum MaxOffsetLag', 'Sum ok', 'Sum fallback', 'Sum drop', 'Sum duplicate']],
    ['fallbackRate', ['Sum fallback', 'Sum records']],
    ['abandoned', ['Sum abandoned']],
    ['recreated', ['Sum recreated']],
    ['latency', ['p99 latency']],
    ['contractErrors', ['Sum contractErrors']],
    ['errors', ['Sum Errors']],
    ['throttles', ['Sum Throttles']],
    ['failuresWaiting', ['Maximum failuresWaiting']],
  ])('is, for %s, %j', (kind, watched) => {
    const metrics = everyAlarm.of(kind).Metrics.flatMap(({ MetricStat }) => MetricStat ?? [])
    expect(metrics.map(({ Stat, Metric }) => `${Stat} ${Metric.MetricName}`)).toEqual(watched)
  })

  it('is told here of every kind', () => {
    expect(everyAlarm.kinds).toHaveLength(9)
  })
})

describe('The alarm on failures that wait', () => {
  const of = (more: Parameters<typeof planOf>[1] = {}) => alarmsOf({ orders: ['orders'] }, more).of('failuresWaiting')

  it('goes off when one record waits in the failures table, or more than it is told [P-22]', () => {
    expect([fires(of(), { waiting: [1] }), fires(of(), { waiting: [0] })]).toEqual([true, false])
    const patient = of({ alarms: { failuresWaiting: { records: 10 } } })
    expect([fires(patient, { waiting: [11] }), fires(patient, { waiting: [10] })]).toEqual([true, false])
    expect(of().AlarmName).toBe('shop-dev-failuresWaiting')
  })

  it('looks back as far as two counts, and says that nobody knows where there was none', () => {
    const seconds = (everyMinutes: number) =>
      of({ health: { everyMinutes } }).Metrics.map(({ MetricStat }) => MetricStat?.Period)
    expect([seconds(5), seconds(1_440)]).toEqual([[600], [86_400]])
    expect(of().TreatMissingData).toBe('missing')
  })

  it('is of this stage alone: another one of the account has the same service', () => {
    expect(of().Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [])).toEqual([
      { Name: 'service', Value: 'shop' },
      { Name: 'function', Value: 'shop-dev-millrace-health' },
    ])
  })

  it('is not there where nobody counts them', () => {
    expect(alarmsOf({ orders: ['orders'] }, { health: false }).kinds).not.toContain('failuresWaiting')
  })
})

describe('A service', () => {
  const perService = ['failuresWaiting']
  const perMapping = ['stall', 'fallbackRate', 'abandoned', 'recreated']
  const perFunction = ['contractErrors', 'throttles', 'errors']

  it('has each alarm that needs no threshold of its own, per function and per mapping', () => {
    expect(alarmsOf({ orders: ['orders', 'returns'] }).kinds).toEqual([
      ...perService,
      ...perFunction,
      ...perMapping,
      ...perMapping,
    ])
  })

  it('has no alarm on errors where a record that is retried is one, unless it is asked for', () => {
    const more = { partialResponses: false }
    expect(alarmsOf({ orders: ['orders'] }, more).kinds).not.toContain('errors')
    expect(alarmsOf({ orders: ['orders'] }, { ...more, alarms: { errors: { count: 9 } } }).of('errors').Threshold).toBe(
      9,
    )
  })

  it('can do without any, or each, or all of one function, or with those of one function alone', () => {
    const kinds = (more: Parameters<typeof planOf>[1]) => alarmsOf({ orders: ['orders'] }, more).kinds
    expect(kinds({ alarms: false })).toEqual([])
    expect(kinds({ ofFunctions: { alarms: false } })).toEqual(perService)
    expect(kinds({ alarms: false, ofFunctions: { alarms: { throttles: {} } } })).toEqual(['throttles'])
    const all = [...perService, ...perFunction, ...perMapping]
    for (const kind of all) {
      const others = all.filter((one) => one !== kind)
      expect(kinds({ alarms: { [kind]: false } })).toEqual(others)
      if (perService.includes(kind)) continue
      expect(kinds({ ofFunctions: { alarms: { [kind]: false } } })).toEqual(others)
    }
  })

  it('tells the topic that it is given of beginning and end, by name or by reference', () => {
    for (const topic of ['arn:aws:sns:eu-central-1:123456789012:night', { Ref: 'Night' }]) {
      for (const alarm of alarmsOf({ orders: ['orders'] }, { alarms: { topic } }).all) {
        expect([alarm.AlarmActions, alarm.OKActions]).toEqual([[topic], [topic]])
      }
    }
    expect(alarmsOf({ orders: ['orders'] }).of('stall')).not.toHaveProperty('AlarmActions')
  })

  it('names them alike in each deployment, and no two alike', () => {
    const names = (functions: Record<string, string[]>) => alarmsOf(functions).all.map(({ AlarmName }) => AlarmName)
    expect(names({ orders: ['a.b'] })).toContain('shop-dev-orders-a.b-stall')
    const long = 't'.repeat(249)
    const functions = {
      a: ['b-c', 'a.b', 'a-b', 'a_b', long],
      'a-b': ['c', long],
      [`f${'n'.repeat(50)}`]: [`${long.slice(1)}1`, `${long.slice(1)}2`],
    }
    const all = names(functions)
    expect(new Set(all).size).toBe(all.length)
    expect(all.filter((name) => name.length > 255 || !name.startsWith('shop-dev-'))).toEqual([])
    expect(names(functions)).toEqual(all)
  })
})

it('An alarm keeps its logical id with its name, because CloudFormation makes no second one of a name it still has', () => {
  const alarms = (mappingId: string) => {
    const { plan } = planOf({ orders: ['orders'] })
    const functions = plan.functions.map((fn) => ({
      ...fn,
      mappings: fn.mappings.map((mapping) => ({ ...mapping, logicalId: mappingId })),
    }))
    const [own] = plan.functions.flatMap(({ mappings }) => mappings)
    const mapping = plan.resources[own?.logicalId ?? '']
    const resources = { ...plan.resources, ...(mapping && { [mappingId]: mapping }) }
    return addAlarms({ ...plan, functions, resources }).map((id) => [id, resources[id]?.Properties?.AlarmName])
  }
  expect(alarms('ReadsAsOneGroup')).toContainEqual([expect.any(String), 'shop-dev-orders-orders-stall'])
  expect(alarms('ReadsAsAnotherGroup')).toEqual(alarms('ReadsAsOneGroup'))
})

it('Every alarm is one that CloudWatch takes', () => {
  const { all, plan } = alarmsOf({ orders: ['a.b', 'a-b'], 'f-g': ['x'] }, { alarms: { latency: { p99Ms: 1 } } })
  expect(Object.keys(plan.resources).filter((id) => !/^[A-Za-z0-9]{1,255}$/.test(id))).toEqual([])
  for (const { Metrics, EvaluationPeriods } of all) {
    expect(Metrics.length).toBeLessThanOrEqual(10)
    expect(Metrics.filter(({ ReturnData }) => ReturnData)).toHaveLength(1)
    expect(new Set(Metrics.map(({ Id }) => Id)).size).toBe(Metrics.length)
    for (const { Id, MetricStat, Expression } of Metrics) {
      expect(Id).toMatch(/^[a-z]\w*$/)
      expect([MetricStat, Expression].filter((one) => one !== undefined)).toHaveLength(1)
      if (MetricStat === undefined) continue
      expect(MetricStat.Period % 60).toBe(0)
      expect(EvaluationPeriods * MetricStat.Period).toBeLessThanOrEqual(86_400)
    }
  }
})
