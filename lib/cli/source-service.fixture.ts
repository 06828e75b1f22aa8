import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A service in TypeScript, not yet packaged, in the temporary folder. */
export interface SourceService {
  readonly dir: string
  read(file: string): string
  /** As an editor that writes the file itself. */
  write(file: string, text: string): void
  /** As an editor that writes another file and renames it into place. */
  replace(file: string, text: string): void
  remove(): void
}

const yaml = `
service: hello
plugins: [serverless-esbuild]
package: { individually: true }
provider: { name: aws, runtime: nodejs22.x, region: eu-west-1 }
custom:
  esbuild: { bundle: true, format: cjs, outputFileExtension: .cjs, sourcemap: linked, skipRebuild: true }
functions:
  greet:
    handler: src/handler.handler
    timeout: 5
    events:
      - kafka:
          accessConfigurations: { saslScram512Auth: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:s' }
          topic: greetings
          bootstrapServers: ['127.0.0.1:9092']
          consumerGroupId: greeters
`

/** Says which code it is, before and after a wait of as many milliseconds as the first record says. */
const handler = `import { greeting } from './greeting.js'

interface Event { readonly records: Readonly<Record<string, readonly { readonly value: string }[]>> }

export async function handler({ records }: Event): Promise<void> {
  const waitMs = Number(Buffer.from(Object.values(records)[0]?.[0]?.value ?? '', 'base64').toString())
  console.log('begun ' + greeting)
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  console.log('done ' + greeting)
}
`

const tsconfig = {
  compilerOptions: { strict: true, module: 'nodenext', target: 'es2023', types: ['node'] },
  include: ['src'],
}

export function sourceService(): SourceService {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-sources-'))
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), text)
  }
  symlinkSync(packages, join(dir, 'node_modules'))
  write('serverless.yml', yaml)
  write('src/handler.ts', handler)
  write('src/greeting.ts', "export const greeting = 'hello'\n")
  write('tsconfig.json', JSON.stringify(tsconfig))
  write('package.json', '{"type":"module"}')
  return {
    dir,
    read: (file) => readFileSync(join(dir, file), 'utf8'),
    write,
    replace: (file, text) => {
      write(`${file}.new`, text)
      renameSync(join(dir, `${file}.new`), join(dir, file))
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
