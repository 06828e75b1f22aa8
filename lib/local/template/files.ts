import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../errors.js'
import type { BundleSettings } from '../bundle/index.js'
import type { Template } from './types.js'

/** Where `serverless package` leaves its output, within the service's folder. */
const folder = '.serverless'

export const templateFile = (serviceDir: string): string =>
  join(serviceDir, folder, 'cloudformation-template-update-stack.json')

/** What is used of osls' record of a package. */
export interface State {
  readonly service: {
    readonly service: string
    /** The file of the configuration, for example `serverless.yml`. */
    readonly serviceFilename?: string
    readonly plugins?: readonly string[] | { readonly modules?: readonly string[] }
    readonly custom?: { readonly esbuild?: { readonly config?: string }; readonly millrace?: Settings }
    readonly package?: Packaged
    readonly functions: Readonly<
      Record<string, { readonly name: string; readonly package?: Packaged; readonly millrace?: Settings }>
    >
  }
}

/** What is used of the framework's settings, of the service or of a function. */
interface Settings {
  readonly bundle?: BundleSettings
}

interface Packaged {
  readonly artifact?: string
}

/** The two files of a package, parsed. */
export function readFiles(serviceDir: string): { template: Template; state: State } {
  const stateFile = join(serviceDir, folder, 'serverless-state.json')
  const [template, state] = [readJson(templateFile(serviceDir)), readJson(stateFile)]
  if (!isTemplate(template)) throw unreadable(templateFile(serviceDir), 'it is no CloudFormation template')
  if (!isState(state)) throw unreadable(stateFile, 'it names no service and functions')
  return { template, state }
}

/** An error of a file of the package; the advice is what makes a new one. */
export function unreadable(file: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'ML_LOCAL_TEMPLATE',
    `${file} cannot be read: ${why}; run \`npx serverless package\` in the service's folder`,
    { cause },
  )
}

function readJson(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw unreadable(file, code === 'ENOENT' ? 'there is no such file' : message, cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable(file, 'it is not JSON', cause)
  }
}

function isTemplate(value: unknown): value is Template {
  return isObject(value) && isObject(value.Resources) && Object.values(value.Resources).every(isObject)
}

function isState(value: unknown): value is State {
  if (!isObject(value) || !isObject(value.service)) return false
  const { service, functions } = value.service
  return typeof service === 'string' && isObject(functions) && Object.values(functions).every(isObject)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
