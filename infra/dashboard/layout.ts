import type { Value } from '../metrics/index.js'
import type { Graph, Section } from './section.js'

/** CloudWatch's grid. */
export const columns = 24
const graphWidth = 8
const graphHeight = 6
const headingHeight = 2

/** What one dashboard takes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html */
const mostWidgets = 500
const mostMetrics = 2_500

/** An alarm widget shows no more. */
const mostAlarms = 100

export type Content =
  | { readonly kind: 'text'; readonly markdown: Value }
  | { readonly kind: 'alarms'; readonly arns: readonly Value[] }
  | { readonly kind: 'graph'; readonly graph: Graph }

/** A widget with its place. */
export interface Placed {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly content: Content
}

/** Places sections below each other, on as many dashboards as it takes. None is torn apart. */
export function layOut(sections: readonly Section[]): readonly (readonly Placed[])[] {
  const pages: Section[][] = [[]]
  for (const section of sections) {
    const page = pages.at(-1) ?? []
    if (page.length > 0 && !fits([...page, section])) pages.push([section])
    else page.push(section)
  }
  return pages.map(place)
}

function fits(sections: readonly Section[]): boolean {
  const lines = sections.flatMap(({ graphs }) => graphs.flatMap((graph) => graph.lines))
  // A heading and the states of alarms are widgets, too.
  const widgets = sections.reduce((sum, { graphs }) => sum + graphs.length + 2, 0)
  // A rate is a metric and an expression.
  return widgets <= mostWidgets && lines.reduce((sum, { rate }) => sum + (rate ? 2 : 1), 0) <= mostMetrics
}

function place(sections: readonly Section[]): readonly Placed[] {
  const placed: Placed[] = []
  let y = 0
  const fullWidth = (height: number, content: Content) => {
    placed.push({ x: 0, y, width: columns, height, content })
    y += height
  }
  for (const { heading, alarms = [], graphs } of sections) {
    fullWidth(headingHeight, { kind: 'text', markdown: heading })
    if (alarms.length > 0) {
      const arns = alarms.slice(0, mostAlarms)
      fullWidth(2 + Math.ceil(arns.length / 4), { kind: 'alarms', arns })
    }
    const perRow = columns / graphWidth
    for (const [i, graph] of graphs.entries()) {
      const [row, column] = [Math.floor(i / perRow), i % perRow]
      const at = { x: column * graphWidth, y: y + row * graphHeight, width: graphWidth, height: graphHeight }
      placed.push({ ...at, content: { kind: 'graph', graph } })
    }
    y += Math.ceil(graphs.length / perRow) * graphHeight
  }
  return placed
}
