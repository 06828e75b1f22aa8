import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'

/** What a function's zip weighs, in bytes. */
export interface PackageSize {
  readonly zip: number
  /** What Lambda unpacks, but the source maps: what Node may have to read and compile when a function starts. */
  readonly code: number
  readonly maps: number
}

/** Reads what a zip says of its files, and unpacks none. Rejects where it is none. */
export async function packageSize(zip: string): Promise<PackageSize> {
  const bytes = await readFile(zip)
  let [code, maps] = [0, 0]
  unzipSync(bytes, {
    filter: ({ name, originalSize }) => {
      if (name.endsWith('.map')) maps += originalSize
      else code += originalSize
      return false
    },
  })
  return { zip: bytes.length, code, maps }
}
