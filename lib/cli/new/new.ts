import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asError, MillraceError } from '../../errors.js'
import type { Command } from '../command.js'
import { type Manifest, manifestOf, ownPackage } from './manifest.js'
import type { NewOptions } from './options.js'
import { specOf } from './spec.js'

const template = fileURLToPath(new URL('./template/', import.meta.url))

/** What the template stands for the service's name with. */
const placeholder = /new-service/g

/** Files that have another name in the template: npm leaves a `.gitignore` out of packages, and takes a package.json for a package. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'manifest.json': 'package.json' }

/** `millrace new`: a service in a folder of its name, which is empty or not there yet. */
export const newService: Command<NewOptions> = async ({ name, millrace }, { voice }) => {
  const folder = resolve(name)
  const own = ownPackage()
  const spec = specOf(millrace, own, folder)
  const files = filled(await templateFiles(), name, (text) => manifestOf(JSON.parse(text), own.manifest, spec))
  await refuseUnlessEmpty(name, folder)
  await write(name, folder, files)
  const next = [`cd ${name}`, 'npm install', 'npm test', 'npm run dev']
  voice.say('created', [`${name} is made; what comes next:`, ...next.map((line) => `  ${line}`)].join('\n'), {
    service: name,
    folder,
    files: [...files.keys()],
    millrace: spec,
    next,
  })
}

/** The text of each file, by its path with `/`. */
type Files = ReadonlyMap<string, string>

async function templateFiles(): Promise<Files> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const files = paths.sort().map(async (path) => {
    const relative = path.slice(template.length).replaceAll('\\', '/')
    return [renamed[relative] ?? relative, await readFile(path, 'utf8')] as const
  })
  return new Map(await Promise.all(files))
}

function filled(files: Files, name: string, manifest: (text: string) => Manifest): Files {
  const texts = [...files].map(([path, text]): [string, string] => {
    const named = text.replace(placeholder, name)
    return [path, path === 'package.json' ? `${JSON.stringify(manifest(named), undefined, 2)}\n` : named]
  })
  return new Map(texts)
}

async function refuseUnlessEmpty(name: string, folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw refused(`${name} is there and is no folder that can be read; give another name`, error)
  })
  // One that was made for it, by `git init` or by cloning, is as good as empty.
  const [found] = entries.filter((entry) => entry !== '.git')
  if (found !== undefined) {
    throw refused(`the folder ${name} is not empty: there is ${found}; give another name, or an empty folder`)
  }
}

async function write(name: string, folder: string, files: Files): Promise<void> {
  try {
    for (const [path, text] of files) {
      const file = join(folder, path)
      await mkdir(dirname(file), { recursive: true })
      // Never over a file of somebody else, whenever it came.
      await writeFile(file, text, { flag: 'wx' })
    }
  } catch (error) {
    const why = `the folder ${name} cannot be written: ${asError(error).message}`
    throw refused(`${why}; mend that, remove what was begun there, and try again`, error)
  }
}

function refused(message: string, cause?: unknown): MillraceError {
  return new MillraceError('ML_NEW_REFUSED', message, { cause })
}
