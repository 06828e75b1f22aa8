import { resolve } from 'node:path'

/**
 * Where a version of a function's code is unpacked: as deep below the service's folder as the folder where serverless-esbuild
 * bundles, so that the relative paths of the source maps lead to the sources.
 */
export const codeFolder = (serviceDir: string, key: string, version: number): string =>
  resolve(serviceDir, '.millrace', `${key}@${version}`)
