import type { Metric, Value } from '../metrics/index.js'

/** One metric as a graph draws it. */
export interface Line {
  readonly metric: Metric
  /** `Sum`, `Maximum`, `p99`, … */
  readonly stat: string
  readonly label: string
  /** By a scale of its own, at the right. */
  readonly right?: boolean
  /** Per second. */
  readonly rate?: boolean
}

/** A graph. */
export interface Graph {
  readonly title: string
  readonly lines: readonly Line[]
  readonly stacked?: boolean
  /** What the left scale counts. */
  readonly unit: string
  /** A horizontal line to compare with. */
  readonly limit?: { readonly value: number; readonly label: string }
}

/** What stands together under one heading. */
export interface Section {
  /** Markdown. */
  readonly heading: Value
  /** ARNs of alarms whose states are shown under it. */
  readonly alarms?: readonly Value[]
  readonly graphs: readonly Graph[]
}
