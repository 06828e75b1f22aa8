import { satisfies } from 'semver'
import { describe, expect, it } from 'vitest'
import { importsOf, reachable } from './imports.js'
import { projectFiles, read } from './project.js'

const files = projectFiles()
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file))
const isTest = (file: string) => /\.(test|fixture)\.ts$/.test(file)

/** The lines that match, as `file:line text`. */
function matches(among: readonly string[], isFound: (line: string, before: string) => boolean): string[] {
  return among.flatMap((file) => {
    const lines = read(file).split('\n')
    return lines.flatMap((line, index) =>
      isFound(line, lines[index - 1] ?? '') ? [`${file}:${index + 1} ${line.trim().slice(0, 120)}`] : [],
    )
  })
}

describe('no file of the project', () => {
  it('names a registry', () => {
    const hosts = ['registry.npmjs', 'npm.pkg', 'registry.yarnpkg', 'files.pythonhosted', 'repo1.maven', 'repo.maven']
    const host = new RegExp(hosts.map((name) => `${name.replace('.', '\\.')}\\.`).join('|'))
    expect(['registry', 'npmjs', 'org'].join('.')).toMatch(host)
    expect(matches(files, (line) => host.test(line))).toEqual([])
    expect(matches(['.npmrc'], (line) => /registry\s*=/.test(line))).toEqual([])
    expect(matches(['package-lock.json'], (line) => /"resolved": "\w+:/.test(line))).toEqual([])
  })

  it('holds a path of one machine', () => {
    const home = /(^|[\s'"`(=:])\/(home|Users|root|work)\/\w/
    expect(['', 'home', 'someone', 'project'].join('/')).toMatch(home)
    expect(matches(files, (line) => home.test(line))).toEqual([])
  })
})

describe('no test', () => {
  const tests = files.filter((file) => /\.(test|fixture)\.ts$/.test(file))
  const call = (words: string) => new RegExp(`\\b(it|test|describe|bench)(\\.\\w+)*\\.(${words})\\b`)

  it('keeps others or itself from running', () => {
    expect(matches(tests, (line) => call('only|skip').test(line))).toEqual([])
  })

  it('depends on where it runs without a comment that says why', () => {
    const left = call('skipIf|runIf|todo|fails')
    const isExplained = (line: string, before: string) => line.includes('//') || before.trim().startsWith('//')
    expect(matches(tests, (line, before) => left.test(line) && !isExplained(line, before))).toEqual([])
  })
})

describe('source files', () => {
  /** Files that may be longer than the others, and why. */
  const long: Readonly<Record<string, string>> = {}

  it.each([
    ['200 lines', 200, sources.filter((file) => !isTest(file))],
    ['400 lines, for tests', 400, sources.filter(isTest)],
  ])('stay under %s', (_, limit, among) => {
    const tooLong = among
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ file, lines }) => lines > limit && !(file in long))
    expect(tooLong).toEqual([])
  })
})

describe('dependencies', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { engines?: { node?: string } }> }

  it('are pinned exactly', () => {
    const versions = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {}),
    )
    expect(versions.length).toBeGreaterThan(0)
    expect(versions.filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  })

  it.each(['20.19.0', '22.13.0', '24.9.0'])('take Node %s', (version) => {
    const refused = Object.entries(lock.packages).filter(
      ([, { engines }]) => engines?.node !== undefined && !satisfies(version, engines.node),
    )
    expect(refused.map(([path, { engines }]) => `${path} wants ${engines?.node}`)).toEqual([])
  })
})

describe('a function’s bundle', () => {
  const stages = ['event', 'codec', 'engine', 'outcome', 'ledger', 'sink', 'function', 'health', 'deployment']
  const inStage = (file: string) => file.startsWith('lib/') && stages.includes(file.split('/')[1] ?? '')
  const isForbidden = (name: string) =>
    /^(kafkajs|dynalite|commander|fflate|esbuild)$/.test(name) || /^lib\/(local|cli|testing|kafka)\//.test(name)

  it('reaches nothing that is local or command line, and no Kafka client', () => {
    const found = reachable('lib/index.ts')
    expect(found.size).toBeGreaterThan(stages.length)
    // So that the walk is known to find it where it is.
    expect([...reachable('lib/local/esm/index.ts').keys()]).toContain('kafkajs')
    expect([...found].filter(([name]) => isForbidden(name)).map(([name, by]) => `${by} imports ${name}`)).toEqual([])
  })

  it('of `millrace/kafka` reaches kafkajs beside, and nothing else of the kind', () => {
    const found = [...reachable('lib/kafka/index.ts').keys()].filter(isForbidden)
    expect(found.filter((name) => !name.startsWith('lib/kafka/'))).toEqual(['kafkajs'])
  })

  it('is made of stages that import nothing of the kind, whoever uses them', () => {
    const runtime = sources.filter((file) => (inStage(file) || /^lib\/[^/]+\.ts$/.test(file)) && !isTest(file))
    expect(new Set(runtime.filter(inStage).map((file) => file.split('/')[1])).size).toBe(stages.length)
    const found = runtime.flatMap((file) =>
      importsOf(file)
        .filter(isForbidden)
        .map((name) => `${file} imports ${name}`),
    )
    expect(found).toEqual([])
  })
})
