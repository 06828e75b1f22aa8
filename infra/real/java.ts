import { spawnSync } from 'node:child_process'

/** Why the lane cannot run here; undefined where it can: Java 17 or later and Maven are on the path. */
export function missingTool(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const java = output('java', ['-version'], env)
  if (java === undefined) return 'no Java'
  const version = Number(/version "(\d+)/.exec(java)?.[1])
  if (!(version >= 17))
    return `Java is ${Number.isNaN(version) ? 'of an unknown version' : version}, 17 or later is needed`
  return output('mvn', ['--version'], env) === undefined ? 'no Maven' : undefined
}

/** What a command prints, or undefined where it is not there or does not work. */
function output(command: string, args: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env })
  return status === 0 ? stdout + stderr : undefined
}
