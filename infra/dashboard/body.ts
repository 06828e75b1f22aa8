import type { Plan } from '../plan.js'
import type { Placed } from './layout.js'
import type { Graph, Line } from './section.js'
import { Substitution } from './sub.js'

/** Seconds; CloudWatch takes longer ones where more time is shown. */
const period = 60

/** The body of a dashboard, as CloudFormation gets it. */
export function bodyOf(widgets: readonly Placed[], resources: Plan['resources']): object {
  const sub = new Substitution(resources)
  const body = {
    start: '-PT3H',
    widgets: widgets.map(({ content, ...place }) => ({ ...place, ...widgetOf(content, sub) })),
  }
  return sub.of(JSON.stringify(body))
}

function widgetOf(content: Placed['content'], sub: Substitution): object {
  switch (content.kind) {
    case 'text':
      return { type: 'text', properties: { markdown: sub.text(content.markdown) } }
    case 'alarms':
      return { type: 'alarm', properties: { title: 'Alarms', alarms: content.arns.map((arn) => sub.text(arn)) } }
    case 'graph':
      return { type: 'metric', properties: graphOf(content.graph, sub) }
  }
}

function graphOf({ title, lines, stacked = false, unit, limit }: Graph, sub: Substitution): object {
  return {
    title: sub.text(title),
    view: 'timeSeries',
    stacked,
    region: sub.text({ Ref: 'AWS::Region' }),
    period,
    metrics: shortened(lines.flatMap((line, i) => metricsOf(line, `m${i}`, sub))),
    yAxis: { left: { min: 0, label: unit, showUnits: false }, right: { min: 0, showUnits: false } },
    ...(limit && { annotations: { horizontal: [limit] } }),
  }
}

/** CloudWatch reads `.` as what stands at this place of the line before; templates have a limit, and half of this one would be repetitions. */
const shortened = (lines: readonly (readonly unknown[])[]): unknown[] =>
  lines.map((line, i) => line.map((one, k) => (typeof one === 'string' && one === lines[i - 1]?.[k] ? '.' : one)))

function metricsOf({ metric, stat, label, right, rate }: Line, id: string, sub: Substitution): unknown[][] {
  const { namespace, name, dimensions } = metric
  const named = Object.entries(dimensions).flatMap(([dimension, value]) => [dimension, sub.text(value)])
  const axis = right ? { yAxis: 'right' } : {}
  if (!rate) return [[namespace, name, ...named, { stat, label, ...axis }]]
  return [
    [namespace, name, ...named, { id, stat, visible: false }],
    [{ expression: `${id}/PERIOD(${id})`, label, ...axis }],
  ]
}
