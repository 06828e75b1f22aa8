import { existsSync } from 'node:fs'
import { readFiles, templateFile } from './files.js'
import { functionsOf } from './functions.js'
import { mappingsOf } from './mappings.js'
import { resolver } from './resolve.js'
import { tablesOf } from './tables.js'
import type { Service } from './types.js'

/** Whether there is a package in this folder at all. */
export const isPackaged = (serviceDir: string): boolean => existsSync(templateFile(serviceDir))

/**
 * Reads what `serverless package` wrote in a service's folder: what runs locally is what deploys.
 *
 * @throws MillraceError `ML_LOCAL_TEMPLATE` for what is missing or cannot be read, `ML_LOCAL_MAPPING_UNSUPPORTED` for a mapping
 * of several topics
 */
export function readService(serviceDir: string, region: string): Service {
  const { template, state } = readFiles(serviceDir)
  const resolve = resolver(template, state.service.service, region)
  const functions = functionsOf(serviceDir, template, state, resolve)
  return {
    name: state.service.service,
    functions,
    mappings: mappingsOf(template, functions, resolve),
    tables: tablesOf(template, resolve),
  }
}
