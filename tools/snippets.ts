import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { exampleFences, fences } from './markdown.js'
import { projectFiles, read, root } from './project.js'

const exec = promisify(execFile)

/** TypeScript that the documentation shows. */
export interface Snippet {
  /** For example `README.md:31`. */
  readonly source: string
  /** What its relative imports start from, within the project. */
  readonly base: string
  readonly code: string
  /** What it says that it prints, a line each. */
  readonly prints: readonly string[]
  /** Its name as a file, without an ending. */
  readonly name: string
}

/** The snippets of README.md, of the pages under docs/, and of the docstrings under lib/ and infra/. */
export function snippets(): Snippet[] {
  const all = projectFiles()
  const pages = ['README.md', ...all.filter((file) => /^docs\/.*\.md$/.test(file))]
  const files = all.filter((file) => /^(lib|infra)\/.*\.ts$/.test(file) && !/\.(test|fixture)\.ts$/.test(file))
  return [
    ...pages.flatMap((file) => fences(read(file)).map((fence) => ({ file, ...fence }))),
    ...files.flatMap((file) => exampleFences(read(file)).map((fence) => ({ file, ...fence }))),
  ]
    .filter(({ language }) => language === 'ts' || language === 'typescript')
    .map(({ file, code, line }) => ({
      source: `${file}:${line}`,
      base: dirname(file),
      name: `${file}.${line}`.replace(/[^\w.-]/g, '-'),
      // At the lines where it stands, so that an error of the compiler names them.
      code: '\n'.repeat(line - 1) + code,
      prints: prints(code),
    }))
}

/** What a snippet promises: `// prints: x` anywhere, or a comment at the end of a line that logs. */
export function prints(code: string): string[] {
  return code.split('\n').flatMap((line) => {
    const comment = /\/\/\s*prints:\s*(.*)$/.exec(line) ?? /console\.log\(.*\)\s*\/\/\s*(.*)$/.exec(line)
    return comment ? [(comment[1] ?? '').trim()] : []
  })
}

/**
 * Writes the snippets to a folder of their own inside the project, from which `millrace` is this package as it is built.
 * A relative import, in the docstring of something that is not public, means the same file as it is built.
 */
export function writeSnippets(all: readonly Snippet[]): string {
  const parent = join(root, '.cache/snippets')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'run-'))
  for (const { name, code, base } of all) {
    const built = relative(folder, join(root, 'dist', base))
      .split(sep)
      .join('/')
    const text = code.replace(/(\bfrom\s*['"])(?=\.\.?\/)/g, `$1${built}/`)
    writeFileSync(join(folder, `${name}.ts`), text)
  }
  const config = {
    extends: join(root, 'tsconfig.json'),
    // Another outDir than the project's: the types are then those of the package's doors, not those of its sources.
    compilerOptions: { noEmit: true, rootDir: root, outDir: './out' },
    include: ['*.ts'],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  return folder
}

/** What the compiler says of all snippets of the folder, with the project's own options; empty if nothing. */
export async function typeErrors(folder: string): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const answer = await exec(process.execPath, [tsc, '-p', folder]).catch((error: unknown) => error)
  if (answer instanceof Error) return 'stdout' in answer ? String(answer.stdout) : answer.message
  return ''
}

/** Runs one snippet of the folder in a process of its own, and gives what it printed, by lines. Rejects if it fails. */
export async function runSnippet(folder: string, { name }: Snippet): Promise<string[]> {
  const file = join(folder, `${name}.mjs`)
  const { code } = await transform(readFileSync(join(folder, `${name}.ts`), 'utf8'), { loader: 'ts', format: 'esm' })
  writeFileSync(file, code)
  const { PATH, HOME } = process.env
  const env = {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
  const { stdout } = await exec(process.execPath, [file], {
    cwd: folder,
    env,
    timeout: 20_000,
    killSignal: 'SIGKILL',
  })
  return stdout.split('\n').map((line) => line.trim())
}
