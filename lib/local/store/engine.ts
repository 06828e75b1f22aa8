import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MillraceError, show } from '../../errors.js'

/** What stands in for DynamoDB: `dynoxide`, a native binary with PartiQL and transactions, or `dynalite`, which runs anywhere without. */
export type Engine = 'dynoxide' | 'dynalite'

const require = createRequire(import.meta.url)

/** The path of the native binary, or undefined where npm has not installed it: it exists for Linux on x64. */
export function nativeBinary(): string | undefined {
  const folder = folderOf('@dynoxide/linux-x64')
  return folder && join(folder, 'dynoxide')
}

/**
 * The engine to start: the native one where it is installed, unless `MILLRACE_STORE_ENGINE` names one.
 *
 * @throws MillraceError `ML_LOCAL_STORE_MISSING` when it is not installed, `ML_OPTION_INVALID` when there is no such engine
 */
export function chooseEngine(wanted = process.env.MILLRACE_STORE_ENGINE): Engine {
  const installed = { dynoxide: nativeBinary() !== undefined, dynalite: folderOf('dynalite') !== undefined }
  const engine = wanted || (installed.dynoxide ? 'dynoxide' : 'dynalite')
  if (!isEngine(engine)) {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `MILLRACE_STORE_ENGINE is ${show(engine)}; set it to dynoxide or dynalite, or leave it out`,
    )
  }
  if (installed[engine]) return engine
  throw new MillraceError(
    'ML_LOCAL_STORE_MISSING',
    `the local store ${engine} is not installed; run \`npm install\` again, or point AWS_ENDPOINT_URL_DYNAMODB at a DynamoDB that runs`,
  )
}

const isEngine = (name: string): name is Engine => name === 'dynoxide' || name === 'dynalite'

function folderOf(name: string): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
