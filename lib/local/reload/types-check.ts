import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { runTool } from '../tool.js'

/** Checks the types of a service beside what runs. */
export interface TypesCheck {
  /** Checks, in place of a check that still runs. */
  run(): void
  stop(): Promise<void>
}

/** A check that takes longer hangs, in milliseconds. */
const limitMs = 120_000

/**
 * The service's own `tsc --noEmit`. Undefined where it has no tsconfig.json, or no typescript installed.
 * `tell` receives one line per error, `file:line:column: error TS…`, none where all is well; nothing where a newer check came.
 */
export function typesCheck(serviceDir: string, tell: (errors: readonly string[]) => void): TypesCheck | undefined {
  const cwd = resolve(serviceDir)
  const program = compilerOf(cwd)
  if (program === undefined || !hasProject(cwd)) return undefined
  let latest: AbortController | undefined
  const runs = new Set<Promise<void>>()

  const check = async (signal: AbortSignal): Promise<void> => {
    const { code, output } = await runTool(program, ['--noEmit', '--pretty', 'false'], { cwd, signal, limitMs })
    if (signal.aborted) return
    const errors = output.split('\n').flatMap((line) => placed(line) ?? [])
    // It failed without a place to show: what it wrote is all there is.
    tell(code === 0 || errors.length > 0 ? errors : [output.trim()])
  }
  return {
    run() {
      latest?.abort()
      latest = new AbortController()
      const run = check(latest.signal).finally(() => runs.delete(run))
      runs.add(run)
    },
    async stop() {
      latest?.abort()
      await Promise.all(runs)
    },
  }
}

/** What a service lacks for a check of its types, and how to get it; undefined where it lacks nothing. */
export function uncheckedBecause(serviceDir: string): string | undefined {
  const cwd = resolve(serviceDir)
  if (compilerOf(cwd) === undefined) return 'typescript is not installed (`npm install --save-dev typescript`)'
  return hasProject(cwd) ? undefined : 'there is no tsconfig.json (`npx tsc --init` makes one)'
}

const hasProject = (cwd: string): boolean => existsSync(join(cwd, 'tsconfig.json'))

function compilerOf(cwd: string): string | undefined {
  try {
    const manifest = createRequire(join(cwd, 'package.json')).resolve('typescript/package.json')
    return join(manifest, '..', 'bin', 'tsc')
  } catch {
    return undefined
  }
}

/** `a.ts(3,7): error TS2322: …` in the form that terminals and editors make a link of. */
function placed(line: string): string | undefined {
  const [, file, at, column, what] = /^(.+?)\((\d+),(\d+)\): (error .+)$/.exec(line) ?? []
  return file === undefined ? undefined : `${file}:${at}:${column}: ${what}`
}
