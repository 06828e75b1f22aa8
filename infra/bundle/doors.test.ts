import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Contents, contentsOf } from '../../lib/local/bundle/index.js'
import { config } from './esbuild.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A bundle as the framework's own configuration makes it. */
interface Bundled {
  readonly kb: number
  /** Paths from the project's root, of what is bundled and not only looked at. */
  readonly inputs: readonly string[]
  readonly contents: Contents
}

async function bundleOf(source: string): Promise<Bundled> {
  const { outputFileExtension: _, skipRebuild: __, exclude: ___, external, ...options } = config()
  const { metafile, outputFiles } = await build({
    ...options,
    external: [...external],
    stdin: { contents: source, resolveDir: root, loader: 'ts', sourcefile: 'handler.ts' },
    alias: {
      'millrace/kafka': `${root}lib/kafka/index.ts`,
      'millrace/sinks': `${root}lib/sink/targets/index.ts`,
      'millrace/sqs': `${root}lib/sink/sqs/index.ts`,
      millrace: `${root}lib/index.ts`,
    },
    ...{ absWorkingDir: root, outfile: 'handler.cjs', write: false, metafile: true, logLevel: 'silent' },
  })
  const code = outputFiles.find(({ path }) => path.endsWith('.cjs'))
  return {
    kb: (code?.contents.length ?? 0) / 1024,
    inputs: inputsOf(metafile),
    contents: contentsOf(metafile, root),
  }
}

const inputsOf = ({ outputs }: Metafile): string[] =>
  Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )

/** A function that uses a door, by the door's name. */
const sources = {
  millrace: `
    import { json, kafkaFunction } from 'millrace'
    export const handler = kafkaFunction({ value: json() }, () => undefined)`,
  'millrace/sinks': `
    import { kafkaFunction, ok } from 'millrace'
    import { httpSink } from 'millrace/sinks'
    export const handler = kafkaFunction({ onSuccess: httpSink({ url: 'https://x' }) }, () => ok({ value: 1 }))`,
  'millrace/sqs': `
    import { kafkaFunction, ok } from 'millrace'
    import { sqsSink } from 'millrace/sqs'
    export const handler = kafkaFunction({ onSuccess: sqsSink({ queueUrl: 'https://sqs/q' }) }, () => ok({ value: 1 }))`,
  'millrace/kafka': `
    import { kafkaFunction, ok } from 'millrace'
    import { kafkaSink } from 'millrace/kafka'
    export const handler = kafkaFunction({ onSuccess: kafkaSink({ topic: 'x' }) }, () => ok({ value: 1 }))`,
} as const
type Door = keyof typeof sources

const doors = Object.keys(sources) as Door[]
const bundles = new Map<Door, Bundled>()
beforeAll(async () => {
  for (const door of doors) bundles.set(door, await bundleOf(sources[door]))
})
const has = (door: Door, what: RegExp) => bundles.get(door)?.inputs.some((path) => what.test(path))

const sqs = /@aws-sdk\/client-sqs|lib\/sink\/sqs/
const kafka = /kafkajs|lib\/kafka/
const targets = /lib\/sink\/targets/

// Defect 8 of peers: who reads JSON alone bundles every codec and client there is.
describe('a function’s bundle', () => {
  it('has no sink, and no client of one, that the function does not import (PEERS, defect 8)', () => {
    expect(has('millrace', /lib\/engine/)).toBe(true)
    expect([sqs, kafka, targets].map((what) => has('millrace', what))).toEqual([false, false, false])
  })

  it('has the sink on a queue only where it is imported', () => {
    expect([sqs, kafka, targets].map((what) => has('millrace/sqs', what))).toEqual([true, false, false])
  })

  it('has of the small sinks those that it uses', () => {
    const others = [sqs, kafka, /targets\/(console|dynamodb)/]
    expect([/targets\/http/, ...others].map((what) => has('millrace/sinks', what))).toEqual([true, false, false, false])
  })

  it('has a Kafka client where it writes to Kafka, and nowhere else', () => {
    const clients = doors.map((door) => [door, bundles.get(door)?.contents.kafkaClient?.name])
    expect(Object.fromEntries(clients)).toEqual({
      ...{ millrace: undefined, 'millrace/sinks': undefined, 'millrace/sqs': undefined, 'millrace/kafka': 'kafkajs' },
    })
  })

  it.each(doors)('has nothing that is for development: %s', (door) => {
    const tools =
      /lib\/(local|cli|testing)\/|^(infra|tools|start)\/|node_modules\/(commander|serverless|dynalite|esbuild)\//
    expect(bundles.get(door)?.inputs.filter((path) => tools.test(path))).toEqual([])
  })

  it('has each package once, but for what the signer of MSK IAM has in a version of its own', () => {
    const twice = doors.map((door) => bundles.get(door)?.contents.duplicates.map(({ name }) => name))
    expect(twice).toEqual([[], [], [], ['@smithy/signature-v4', '@smithy/types']])
  })
})

describe('what docs/bundle.md says a door adds', () => {
  const page = readFileSync(`${root}docs/bundle.md`, 'utf8')
  const said = (door: Door) => {
    const [, text = ''] = new RegExp(`^\\| \`${door}\`[^|]*\\| ([\\d,]+) KB`, 'm').exec(page) ?? []
    return Number(text.replace(',', ''))
  }

  it.each(doors)('is within a twentieth of what it is: %s', (door) => {
    const { kb = 0 } = bundles.get(door) ?? {}
    expect(Math.abs(said(door) - kb), `${door} is ${Math.round(kb)} KB`).toBeLessThan(kb / 20)
  })
})
