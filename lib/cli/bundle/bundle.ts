import { resolve } from 'node:path'
import { MillraceError } from '../../errors.js'
import { budgetOf, contentsOf, packageSize } from '../../local/bundle/index.js'
import { isBundled, openBundler } from '../../local/reload/index.js'
import { readPackaged } from '../../local/stack/index.js'
import { type FunctionConfig, packageService, readFiles, type State } from '../../local/template/index.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { exitCodes, usage } from '../voice.js'
import type { BundleOptions } from './options.js'
import { type FunctionBundle, lines } from './text.js'

/** `millrace bundle`: what each function of the service in the current folder weighs, against its budget. */
export const bundle: Command<BundleOptions> = async (options, { voice, stopping: { signal } }) => {
  const dir = resolve('.')
  // Too large is what is to be told here, with its reasons: the plugin shall not refuse it.
  if (options.package) await packageService(dir, { signal, env: { MILLRACE_BUNDLE: 'report' } })
  const { state } = readFiles(dir)
  const all = readPackaged(dir).functions
  const functions = all.filter(({ key }) => options.function === undefined || key === options.function)
  if (functions.length === 0 && options.function !== undefined) {
    throw usage(`there is no function ${options.function}; there are ${all.map(({ key }) => key).join(', ')}`)
  }
  let over = 0
  for (const one of functions) {
    signal.throwIfAborted()
    const facts = await bundleOf(dir, state, one)
    if (facts.isOver) over++
    voice.say('bundle', lines(facts).join('\n'), facts)
  }
  voice.say('summary', `${counted(functions.length, 'function')}, ${over} over budget`, {
    count: functions.length,
    over,
  })
  return over > 0 ? exitCodes.failed : exitCodes.ok
}

async function bundleOf(dir: string, state: State, { key, name, zip }: FunctionConfig): Promise<FunctionBundle> {
  const { service } = state
  const size = await packageSize(zip)
  const { budgetKb } = budgetOf(service.functions[key]?.millrace, service.custom?.millrace)
  const contents = isBundled(state) ? await contentsIn(dir, state, key) : undefined
  const isOver = size.code > budgetKb * 1024
  return { function: key, deployed: name, ...size, budgetKb, isOver, ...(contents && { contents }) }
}

/** What serverless-esbuild puts into the function, as esbuild itself accounts for it. */
async function contentsIn(dir: string, state: State, key: string) {
  const bundler = await openBundler(dir, state, key)
  try {
    const build = await bundler.build()
    if (build.ok) return contentsOf(build.metafile, dir)
    throw new MillraceError(
      'ML_LOCAL_BUNDLE',
      `${key} cannot be bundled; mend what it says:\n${build.errors.join('\n')}`,
    )
  } finally {
    await bundler.dispose()
  }
}
