import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'
import { type Unzipped, unzipSync } from 'fflate'
import { unreadable } from './files.js'

/**
 * Unpacks a function's zip into a folder, in place of what was there, source maps included.
 *
 * @throws MillraceError `ML_LOCAL_TEMPLATE` when there is no zip, or a file in it would land outside the folder
 */
export async function unpack(zip: string, dir: string): Promise<void> {
  const files = await contentsOf(zip)
  const root = resolve(dir)
  const targets = Object.entries(files)
    .filter(([name]) => !name.endsWith('/'))
    .map(([name, bytes]) => ({ name, bytes, path: resolve(root, name) }))
  const outside = targets.find(({ path }) => !path.startsWith(`${root}${sep}`))
  if (outside) throw unreadable(zip, `its file ${outside.name} would land outside the folder`)
  await rm(root, { recursive: true, force: true })
  for (const { path, bytes } of targets) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
}

async function contentsOf(zip: string): Promise<Unzipped> {
  let bytes: Buffer
  try {
    bytes = await readFile(zip)
  } catch (cause) {
    throw unreadable(
      zip,
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(cause),
      cause,
    )
  }
  try {
    return unzipSync(bytes)
  } catch (cause) {
    throw unreadable(zip, 'it is no zip', cause)
  }
}
