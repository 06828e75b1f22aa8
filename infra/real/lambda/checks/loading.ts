import assert from 'node:assert/strict'
import { kafkaEvent } from '../../../../lib/testing/index.js'
import type { Check } from '../../checklist.js'
import type { Ground, HandlerOptions } from '../ground.js'
import { said } from './deliver.js'

/** What becomes of a function that does not load. */
export function loadingChecks(ground: Ground): readonly Check[] {
  const load = async (name: string, options: HandlerOptions = {}, event: unknown = {}) => {
    const { worker } = await ground.handler(name, options)
    try {
      return await worker.invoke(event)
    } finally {
      await worker.stop()
    }
  }
  const failsWith = (type: RegExp, result: Awaited<ReturnType<typeof load>>) => {
    assert.equal(result.kind, 'init', said(result))
    assert.match(result.kind === 'init' ? (result.error?.errorType ?? '') : '', type, said(result))
  }
  return [
    {
      name: 'what is thrown while a function is loaded is told as an error of the initialisation, with its type',
      run: async () => failsWith(/^TypeError$/, await load('unloadable')),
    },
    {
      name: 'an error of the framework is told with its code, and with a trace to its sources where Node reads source maps',
      run: async () => {
        const result = await load('faulty', {}, kafkaEvent({ topic: 'unknown', records: [{ value: 1 }] }))
        assert.equal(result.kind, 'error', said(result))
        const { errorMessage, stackTrace } =
          result.kind === 'error' ? result.error : { errorMessage: '', stackTrace: [] }
        assert.match(errorMessage, /^ML_EVENT_NO_MAPPING: /)
        assert.match(stackTrace.join('\n'), /\/lib\/\w+\/[\w-]+\.ts:\d+/)
      },
    },
    {
      name: 'an ES module in a file .js does not load: hence .cjs',
      run: async () => failsWith(/SyntaxError/, await load('faulty', { extension: '.js', bundle: { format: 'esm' } })),
    },
  ]
}
