import { type Contents, kilobytes, type PackageShare, type PackageSize } from '../../local/bundle/index.js'

/** What is told of a function; sizes in bytes. */
export interface FunctionBundle extends PackageSize {
  /** As in serverless.yml. */
  readonly function: string
  readonly deployed: string
  readonly budgetKb: number
  readonly isOver: boolean
  /** Absent where something else than serverless-esbuild makes the package. */
  readonly contents?: Contents
}

/** As many packages are named as are worth a look. */
const named = 10

/** A function's report for people. */
export function lines({ function: name, code, zip, maps, budgetKb, isOver, contents }: FunctionBundle): string[] {
  const budget = `${isOver ? 'OVER its budget' : 'of a budget'} of ${kilobytes(budgetKb * 1024)}`
  const head = `${name}: ${kilobytes(code)} ${budget} (zip ${kilobytes(zip)}, source maps ${kilobytes(maps)})`
  return contents === undefined ? [head] : [head, ...contentLines(contents)]
}

function contentLines({ packages, duplicates, kafkaClient }: Contents): string[] {
  const rest = packages.slice(named)
  const bytes = rest.reduce((sum, one) => sum + one.bytes, 0)
  const client = kafkaClient && `${kafkaClient.name}, by ${[...kafkaClient.importedBy].join(' > ')}`
  return [
    ...packages
      .slice(0, named)
      .map((one) => `  ${kilobytes(one.bytes).padStart(9)}  ${one.name} ${one.version}`.trimEnd()),
    ...(rest.length > 0 ? [`  ${kilobytes(bytes).padStart(9)}  ${rest.length} others`] : []),
    `  Kafka client: ${client ?? 'none'}`,
    ...duplicates.map(({ name, copies }) => `  more than once: ${name} (${copies.map(copy).join(', ')})`),
  ]
}

const copy = ({ version, path, bytes }: PackageShare) => `${version} in ${path}, ${kilobytes(bytes)}`
