import { describe, expect, it } from 'vitest'
import { addAlarms } from '../alarms/index.js'
import { bodyOf, type Widget } from '../metrics/shown.fixture.js'
import { planOf } from '../plan.fixture.js'
import { addDashboard } from './index.js'

function dashboards(...given: Parameters<typeof planOf>) {
  const { plan } = planOf(...given)
  addDashboard(plan, addAlarms(plan))
  return Object.values(plan.resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Dashboard')
}
const widgetsOf = (...given: Parameters<typeof planOf>) => dashboards(...given).map((one) => bodyOf(one).widgets)
const titlesOf = (...given: Parameters<typeof planOf>) =>
  widgetsOf(...given).flatMap((widgets) => widgets.map(({ properties }) => properties.title))

/** Pairs of widgets that cover the same cell. */
function overlaps(widgets: readonly Widget[]): string[] {
  const taken = new Map<string, string>()
  return widgets.flatMap(({ x, y, width, height, properties: { title = 'text' } }) => {
    const cells = Array.from({ length: width * height }, (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`)
    const found = cells.flatMap((cell) => taken.get(cell) ?? [])
    for (const cell of cells) taken.set(cell, title)
    return found.map((other) => `${title} over ${other}`)
  })
}

/** More than one dashboard takes. */
const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, ['orders', 'returns']]))

describe('A dashboard', () => {
  it.each<[string, Parameters<typeof planOf>]>([
    ['one function', [{ orders: ['orders'] }]],
    [
      'functions with several topics, and without metrics of their mappings',
      [{ a: ['x', 'y'], b: ['z'] }, { metrics: [] }],
    ],
    ['many functions', [many]],
  ])('of %s lays its widgets out side by side, 24 columns wide', (_, given) => {
    for (const widgets of widgetsOf(...given)) {
      expect(overlaps(widgets)).toEqual([])
      expect(widgets.filter(({ x, width }) => x < 0 || x + width > 24)).toEqual([])
      expect(widgets.length).toBeLessThanOrEqual(500)
      expect(widgets.flatMap(({ properties }) => properties.metrics ?? []).length).toBeLessThanOrEqual(2_500)
    }
  })

  it('has a heading for each function and each mapping, also where it goes on in another one', () => {
    const headings = widgetsOf(many).flatMap((widgets) =>
      widgets.flatMap(({ properties }) => properties.markdown ?? []),
    )
    for (const name of Object.keys(many)) {
      const own = headings.filter((heading) => heading.includes(`## ${name}\n`) || heading.includes(`# ${name}:`))
      expect(own).toHaveLength(3)
    }
    const names = dashboards(many).map(({ Properties }) => Properties?.DashboardName)
    expect(names.length).toBeGreaterThan(1)
    expect(names.slice(0, 2)).toEqual([
      { 'Fn::Sub': `shop-dev-\${AWS::Region}` },
      { 'Fn::Sub': `shop-dev-\${AWS::Region}-2` },
    ])
  })

  it('leaves out graphs of what a mapping does not publish', () => {
    const all = titlesOf({ orders: ['orders'] })
    const missing = (more: Parameters<typeof planOf>[1]) => {
      const titles = titlesOf({ orders: ['orders'] }, more)
      return all.filter((title) => !titles.includes(title))
    }
    expect(missing({ metrics: ['ErrorCount'] })).toEqual(['Lag, in offsets', 'Mapping: records'])
    // Of a mapping on demand there are none, whatever it asks for.
    expect(missing({ partialResponses: false })).toEqual(['Mapping: records', 'Mapping: errors', 'Mapping: pollers'])
  })

  it('leaves out what only a health function knows, where there is none', () => {
    const [all, without] = [titlesOf({ orders: ['orders'] }), titlesOf({ orders: ['orders'] }, { health: false })]
    expect(all.filter((title) => !without.includes(title))).toEqual([
      'Given up on, and waiting',
      'Begun, and not done',
      'Open for the longest',
    ])
  })

  it('draws the time-out over the duration, and what is reserved over the concurrency', () => {
    const limits = widgetsOf({ orders: ['orders'] }, { timeout: 90, reserved: 7 }).flatMap((widgets) =>
      widgets.flatMap(({ properties }) => properties.annotations?.horizontal ?? []),
    )
    expect(limits).toEqual([
      { value: 90_000, label: 'time-out' },
      { value: 7, label: 'reserved' },
    ])
  })

  it('shows the states of the alarms there are', () => {
    const shown = (more: Parameters<typeof planOf>[1]) =>
      widgetsOf({ orders: ['orders'] }, more)
        .flat()
        .flatMap(({ properties }) => properties.alarms ?? [])
    expect(shown({})).toHaveLength(8)
    expect(shown({})[0]).toMatch(/^\$\{FailuresWaiting\w+Alarm\.Arn\}$/)
    expect(shown({ alarms: false })).toEqual([])
  })

  it('refers to mappings and the region, and to a service that is named by a reference', () => {
    const [dashboard] = dashboards({ orders: ['orders'] }, { signedBy: { 'Fn::ImportValue': 'name' } })
    const sub = (dashboard?.Properties?.DashboardBody as { 'Fn::Sub': [string, object] })['Fn::Sub']
    expect(sub[0]).toContain(`"EventSourceMappingUUID","\${Fn6f7264657273Reads6f7264657273}"`)
    expect(sub[0]).toContain(`"region":"\${AWS::Region}"`)
    expect(sub[0]).toContain(`"service","\${Value0}"`)
    expect(sub[1]).toEqual({ Value0: { 'Fn::ImportValue': 'name' } })
  })

  it('can have a name, or not be', () => {
    const [named] = dashboards({ orders: ['orders'] }, { dashboard: { name: 'night' } })
    expect(named?.Properties?.DashboardName).toBe('night')
    expect(dashboards({ orders: ['orders'] }, { dashboard: false })).toEqual([])
  })
})
