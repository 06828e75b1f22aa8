import { cp, mkdir, rm } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { asError } from '../../errors.js'
import { codeFolder } from '../stack/index.js'
import type { FunctionConfig, State } from '../template/index.js'
import type { Worker } from '../worker/index.js'
import { type Build, type Bundler, fingerprint, openBundler } from './bundler.js'

/** What became of one look at a function's sources. */
export type Reloaded =
  | { readonly kind: 'same' }
  | { readonly kind: 'failed'; readonly errors: readonly string[] }
  /** From now on invocations run it. `over` resolves when none runs the old code any more. */
  | { readonly kind: 'reloaded'; readonly version: number; readonly over: Promise<void> }

/** The code of one function, as far as it can be bundled anew. */
export interface LiveCode {
  readonly functionName: string
  /** What went into the bundle, absolute; of the last one that succeeded. */
  readonly inputs: readonly string[]
  /** The last bundle failed: what mends it may be a file that is none of the inputs. */
  readonly failing: boolean
  /** Bundles, and has the worker take what came out where it differs from what it runs. One at a time. Never rejects. */
  reload(): Promise<Reloaded>
  dispose(): Promise<void>
}

/** @throws Error where serverless-esbuild does not bundle the function */
export async function liveCode(
  serviceDir: string,
  state: State,
  { key, name }: FunctionConfig,
  worker: Worker,
): Promise<LiveCode> {
  const bundler: Bundler = await openBundler(serviceDir, state, key)
  const folderOf = (version: number): string => codeFolder(serviceDir, key, version)
  let last: Build | undefined
  let running: string | undefined

  const take = async ({ folder, outputs }: Extract<Build, { ok: true }>): Promise<Reloaded> => {
    const moved = (to: string) => outputs.map((path) => resolve(to, relative(folder, path)))
    running ??= await fingerprint(folderOf(worker.version), moved(folderOf(worker.version)))
    const built = await fingerprint(folder, outputs)
    if (built === running) return { kind: 'same' }
    const { version } = worker
    const [before, after] = [folderOf(version), folderOf(version + 1)]
    // What the package holds besides the bundle comes along.
    await rm(after, { recursive: true, force: true })
    await cp(before, after, { recursive: true })
    for (const [index, target] of moved(after).entries()) {
      await mkdir(dirname(target), { recursive: true })
      await cp(outputs[index] ?? '', target)
    }
    running = built
    const over = worker.update(after).then(() => rm(before, { recursive: true, force: true }))
    return { kind: 'reloaded', version: worker.version, over }
  }

  return {
    functionName: name,
    get inputs() {
      return last?.inputs ?? []
    },
    get failing() {
      return last?.ok === false
    },
    async reload() {
      last = await bundler.build()
      if (!last.ok) return { kind: 'failed', errors: last.errors }
      try {
        return await take(last)
      } catch (error) {
        return { kind: 'failed', errors: [asError(error).message] }
      }
    },
    dispose: () => bundler.dispose(),
  }
}
