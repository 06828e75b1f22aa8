import { access, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { run } from './real/program.js'
import type { Resource } from './serverless.js'

export { cleanEnvironment, type Ended, run, serverless, serverlessBin } from './real/program.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** This project in a folder of its own, freshly built: what a test leaves there disturbs nobody. */
export interface Project {
  readonly path: string
  /** A service beside it that has the project installed under its package name. */
  service(configuration: object): Promise<string>
  remove(): Promise<void>
}

export async function builtProject(): Promise<Project> {
  const home = await mkdtemp(join(tmpdir(), 'millrace-infra-'))
  const path = join(home, 'millrace')
  await mkdir(path)
  for (const name of ['package.json', 'serverless.yml', 'esbuild.config.mjs', 'functions']) {
    await cp(join(root, name), join(path, name), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(path, 'node_modules'))
  // Types are the business of `npm run types`; here only the JavaScript counts.
  const compile = ['-p', 'tsconfig.build.json', '--noEmitOnError', 'false', '--outDir', join(path, 'dist')]
  const { output } = await run(join(root, 'node_modules/.bin/tsc'), compile, { cwd: root })
  await access(join(path, 'dist/infra/plugin.js')).catch((cause) => {
    throw new Error(`the project could not be built: ${output}`, { cause })
  })
  let services = 0
  return {
    path,
    async service(configuration) {
      services += 1
      const service = join(home, `service-${services}`)
      await mkdir(join(service, 'node_modules'), { recursive: true })
      await symlink(path, join(service, 'node_modules/millrace'))
      await writeFile(join(service, 'serverless.yml'), stringify(configuration))
      await writeFile(join(service, 'nothing.zip'), emptyZip)
      return service
    },
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

/** No files, only the record that ends every archive. */
const emptyZip = Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)])

/** A service of plain functions that reads as little as possible; the functions are what a test is about. */
export function serviceOf(functions: Record<string, { events: object[]; [property: string]: unknown }>, more = {}) {
  return {
    service: 'shop',
    plugins: ['millrace/plugin'],
    provider: { name: 'aws', runtime: 'nodejs22.x', region: 'eu-central-1' },
    package: { artifact: 'nothing.zip' },
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, declared]) => [name, { handler: 'handler.handler', ...declared }]),
    ),
    ...more,
  }
}

/** The template that was compiled last. */
export async function compiledTemplate(service: string): Promise<{
  readonly Resources: Record<string, Resource>
  readonly Outputs: Record<string, { readonly Value: string }>
}> {
  const file = join(service, '.serverless/cloudformation-template-update-stack.json')
  return JSON.parse(await readFile(file, 'utf8'))
}
