import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { killGroup } from '../../../lib/local/group.js'

/** How a command ended. */
export interface Typed {
  /** Null where it was killed. */
  readonly code: number | null
  /** Both streams together. */
  readonly output: string
}

/** No command takes longer, in milliseconds. */
const limitMs = 180_000

/** Runs a command line as a person types it, in a folder. It and all that it started is dead when this resolves. */
export async function type(
  command: string,
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Typed> {
  signal.throwIfAborted()
  const child = spawn(command, { cwd, env, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => killGroup(child.pid, 'SIGKILL')
  const timer = setTimeout(kill, limitMs)
  signal.addEventListener('abort', kill)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  signal.removeEventListener('abort', kill)
  kill()
  signal.throwIfAborted()
  return { code, output }
}

/** What a person has who never used millrace: npm with its settings, and nothing of AWS or of the script that runs this. */
export function newcomersEnvironment(): NodeJS.ProcessEnv {
  const isForeign =
    /^(AWS_|KAFKA_|MILLRACE_|VITEST|NODE_OPTIONS$|FORCE_COLOR$|INIT_CWD$|npm_(package|lifecycle|config_local_prefix))/
  const own = Object.entries(process.env).filter(([name]) => !isForeign.test(name))
  return {
    ...Object.fromEntries(own),
    AWS_EC2_METADATA_DISABLED: 'true',
    SLS_NOTIFICATIONS_MODE: 'off',
    NO_COLOR: '1',
    // What is in npm's cache need not be asked for again.
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'warn',
  }
}
