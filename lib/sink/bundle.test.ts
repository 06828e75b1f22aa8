import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a function's bundle holds, as paths from the project's root. */
async function inputsOf(contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    alias: {
      'millrace/sinks': `${root}lib/sink/targets/index.ts`,
      'millrace/sqs': `${root}lib/sink/sqs/index.ts`,
      millrace: `${root}lib/index.ts`,
    },
    ...{ absWorkingDir: root, bundle: true, platform: 'node', format: 'cjs', target: 'node20' },
    ...{ write: false, metafile: true, logLevel: 'silent' },
  })
  // What is bundled, not what was looked at.
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
}

const has = (inputs: readonly string[], what: RegExp) => inputs.some((path) => what.test(path))
const sqs = /@aws-sdk\/client-sqs|lib\/sink\/sqs/
const kafka = /kafkajs|lib\/kafka/
const targets = /lib\/sink\/targets/

// Defect 8 of peers: who reads JSON alone bundles every codec and client there is.
describe('a function’s bundle', () => {
  it('has no sink, and no client of one, that the function does not import (PEERS, defect 8)', async () => {
    const inputs = await inputsOf(`
      import { json, kafkaFunction } from 'millrace'
      export const handler = kafkaFunction({ value: json() }, () => undefined)`)
    expect(has(inputs, /lib\/engine/)).toBe(true)
    for (const unused of [sqs, kafka, targets]) expect(inputs.filter((path) => unused.test(path))).toEqual([])
  })

  it('has the sink on a queue only where it is imported', async () => {
    const inputs = await inputsOf(`
      import { kafkaFunction, ok } from 'millrace'
      import { sqsSink } from 'millrace/sqs'
      export const handler = kafkaFunction({ onSuccess: sqsSink({ queueUrl: 'https://sqs/q' }) }, () => ok({ value: 1 }))`)
    expect([has(inputs, sqs), has(inputs, kafka), has(inputs, targets)]).toEqual([true, false, false])
  })

  it('has of the small sinks those that it uses', async () => {
    const inputs = await inputsOf(`
      import { kafkaFunction, ok } from 'millrace'
      import { httpSink } from 'millrace/sinks'
      export const handler = kafkaFunction({ onSuccess: httpSink({ url: 'https://x' }) }, () => ok({ value: 1 }))`)
    expect(has(inputs, /targets\/http/)).toBe(true)
    expect([has(inputs, sqs), has(inputs, kafka), has(inputs, /targets\/(console|dynamodb)/)]).toEqual([
      false,
      false,
      false,
    ])
  })
})
