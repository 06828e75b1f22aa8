import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../../tools/project.js'
import type { Check } from '../checklist.js'
import { type Dev, startDev } from './dev.js'
import { commandsIn, isNotRun, shown } from './readme.js'
import { newcomersEnvironment, type } from './terminal.js'

/** A new user in an empty folder, who has npm and the packed package. Each step needs those before it. */
export interface Trial {
  /** They make the service. */
  readonly making: readonly Check[]
  /** What the README of the service says, in its order. */
  following(): readonly Check[]
  stop(): Promise<void>
}

/** @param home an empty folder */
export function trial(home: string, signal: AbortSignal): Trial {
  const service = join(home, 'shop')
  let env = newcomersEnvironment()
  let dev: Dev | undefined

  const expect = async (command: string, cwd: string, says: RegExp, code = 0) => {
    const ended = await type(command, { cwd, env, signal })
    if (ended.code === code && says.test(ended.output)) return
    throw new Error(
      `${command} ended with ${ended.code}, not so: ${code}, ${says}; it said\n${ended.output.slice(-2_000)}`,
    )
  }
  const tarball = () => readdirSync(home).find((name) => name.endsWith('.tgz')) ?? 'no tarball'

  const startsDev = async () => {
    dev = await startDev(service, join(home, 'dev.log'), signal)
    env = { ...env, ...dev.variables }
  }

  const follow = async (command: string) => {
    const what = shown[command]
    if (what === undefined) throw new Error('the README shows a command that the trial does not know')
    if (what === 'dev') return startsDev()
    if (isNotRun(what)) return
    await expect(command, service, what.says, what.code)
    if (what.settles !== undefined) await dev?.settled(what.settles)
  }

  return {
    making: [
      {
        name: 'npm pack packs the project',
        run: () => expect(`npm pack --ignore-scripts --pack-destination "${home}"`, root, /\.tgz/),
      },
      {
        name: 'the packed package is installed',
        run: () => expect(`npm install --prefix tools ./${tarball()}`, home, /added \d+ packages/),
      },
      {
        name: 'millrace new makes a service, which depends on that package',
        run: async () => {
          await expect('tools/node_modules/.bin/millrace new shop', home, /npm install/)
          const { dependencies } = JSON.parse(readFileSync(join(service, 'package.json'), 'utf8'))
          if (dependencies.millrace !== `file:../${tarball()}`) throw new Error(`on ${dependencies.millrace}, that is`)
          // What was unpacked a moment ago need not be once more; npm looks at all of it, and adds what is missing.
          renameSync(join(home, 'tools/node_modules'), join(service, 'node_modules'))
        },
      },
    ],
    following: () =>
      commandsIn(readFileSync(join(service, 'README.md'), 'utf8'))
        .filter((command) => !isNotRun(shown[command]))
        .map((command) => ({ name: command, run: () => follow(command) })),
    stop: async () => dev?.stop(),
  }
}
