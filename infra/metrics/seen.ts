import { metricNamespace } from '../../lib/deployment/index.js'

/** Metrics that functions have really published, by name, each with the sets of dimensions that it had, their names joined by commas. */
export type SeenMetrics = Readonly<Record<string, readonly string[]>>

/** Gathers what functions publish from the lines that they write. Handlers' own metrics are among them: those have no dimension `function`. */
export function watchMetrics(): { read(line: string): void; readonly seen: SeenMetrics } {
  const found = new Map<string, Set<string>>()
  return {
    read(line) {
      for (const { Namespace, Dimensions, Metrics } of directivesOf(line)) {
        if (Namespace !== metricNamespace) continue
        for (const { Name } of Metrics) {
          const sets = found.get(Name) ?? new Set()
          for (const names of Dimensions) sets.add(names.join(','))
          found.set(Name, sets)
        }
      }
    },
    get seen() {
      return Object.fromEntries([...found].sort().map(([name, sets]) => [name, [...sets].sort()]))
    },
  }
}

/** As CloudWatch's embedded metric format has it. */
interface Directive {
  readonly Namespace: string
  readonly Dimensions: readonly (readonly string[])[]
  readonly Metrics: readonly { readonly Name: string }[]
}

function directivesOf(line: string): readonly Directive[] {
  if (!line.includes('"_aws"')) return []
  try {
    const { _aws } = JSON.parse(line) as { _aws?: { CloudWatchMetrics?: readonly Directive[] } }
    return _aws?.CloudWatchMetrics ?? []
  } catch {
    // A line of the person's own that only looks like it.
    return []
  }
}
