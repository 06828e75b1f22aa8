import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../lib/errors.js'

/** `group:artifact:version` each, with all that they need to run. */
export interface Jars {
  /** Also the name of their folder. */
  readonly name: string
  readonly artifacts: readonly string[]
}

export const kafkaJars: Jars = {
  name: 'kafka-4.3.1',
  // Kafka speaks to slf4j 1.7.
  artifacts: ['org.apache.kafka:kafka_2.13:4.3.1', 'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3'],
}

export const dynamodbJars: Jars = {
  name: 'dynamodb-local-3.1.0',
  artifacts: ['software.amazon.dynamodb:DynamoDBLocal:3.1.0'],
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** What was installed, written when all of it was there. */
interface Stamp {
  readonly artifacts: readonly string[]
  /** Bytes by file name. */
  readonly files: Readonly<Record<string, number>>
}

/**
 * The folder with the jars; Maven brings them there once, later runs need no network. Where Maven looks is its own settings' business.
 *
 * @throws MillraceError `ML_REAL_INSTALL`
 */
export async function installJars(jars: Jars, cache: string, log: (line: string) => void): Promise<string> {
  const folder = join(cache, jars.name)
  if (isComplete(folder, jars)) return folder
  log(`${jars.name}: fetching it with Maven, once`)
  const fetched = `${folder}.fetched`
  for (const old of [folder, fetched]) rmSync(old, { recursive: true, force: true })
  mkdirSync(fetched, { recursive: true })
  const pom = join(fetched, 'pom.xml')
  writeFileSync(pom, pomOf(jars))
  const args = ['--batch-mode', '--quiet', '--file', pom, copyDependencies, '-DincludeScope=runtime']
  const child = spawn('mvn', [...args, `-DoutputDirectory=${fetched}`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-4000)
    })
  }
  const [status] = await once(child, 'close')
  if (status !== 0) {
    throw new MillraceError(
      'ML_REAL_INSTALL',
      `Maven could not fetch ${jars.artifacts.join(' and ')}; look at its settings and at the network, then run it again. It said:\n${said.trim()}`,
    )
  }
  writeFileSync(join(fetched, 'complete.json'), JSON.stringify(stampOf(fetched, jars)))
  renameSync(fetched, folder)
  return folder
}

/** Whether all is there, byte for byte as long as it was when Maven had brought it. */
export function isComplete(folder: string, { artifacts }: Jars): boolean {
  const path = join(folder, 'complete.json')
  if (!existsSync(path)) return false
  const stamp = JSON.parse(readFileSync(path, 'utf8')) as Stamp
  return (
    stamp.artifacts.join() === artifacts.join() &&
    Object.entries(stamp.files).every(
      ([name, bytes]) => statSync(join(folder, name), { throwIfNoEntry: false })?.size === bytes,
    )
  )
}

/** @throws MillraceError `ML_REAL_INSTALL` where Maven has brought nothing */
export function stampOf(folder: string, { artifacts }: Jars): Stamp {
  const names = readdirSync(folder).filter((name) => /\.(jar|so|dylib|dll)$/.test(name))
  if (!names.some((name) => name.endsWith('.jar'))) {
    throw new MillraceError('ML_REAL_INSTALL', `Maven ended well and left no jar in ${folder}; run it again`)
  }
  return { artifacts, files: Object.fromEntries(names.map((name) => [name, statSync(join(folder, name)).size])) }
}

function pomOf({ name, artifacts }: Jars): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, id, version] = artifact.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version></dependency>`
  })
  return [
    '<project><modelVersion>4.0.0</modelVersion>',
    `<groupId>millrace</groupId><artifactId>${name}</artifactId><version>1</version>`,
    `<dependencies>${dependencies.join('')}</dependencies></project>`,
  ].join('')
}
