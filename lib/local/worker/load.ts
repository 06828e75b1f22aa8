import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A Lambda handler: event and context in, an answer out. */
export type Handler = (event: unknown, context: object) => unknown

/** Loads `folder/file.export` the way Lambda's runtime client does: `.js`, then `.mjs`, then `.cjs`. */
export async function loadHandler(taskRoot: string, handler: string): Promise<Handler> {
  const parts = /^([^.]+)\.(.+)$/.exec(basename(handler))
  if (!parts?.[1] || !parts[2])
    throw failure('Runtime.MalformedHandlerName', `"${handler}" is not of the form file.export`)
  const stem = resolve(taskRoot, dirname(handler), parts[1])
  const file = ['.js', '.mjs', '.cjs'].map((extension) => stem + extension).find(existsSync)
  if (file === undefined) {
    throw failure('Runtime.ImportModuleError', `cannot find ${stem}.js, .mjs or .cjs; package the function again`)
  }
  const found = parts[2].split('.').reduce<unknown>(property, await load(file))
  if (typeof found !== 'function') throw failure('Runtime.HandlerNotFound', `${handler} is undefined or no function`)
  if (found.length > 2) {
    throw failure(
      'Runtime.CallbackHandlerDeprecated',
      `${handler} takes a callback; make it async (Node 24 on Lambda refuses it)`,
    )
  }
  return found as Handler
}

async function load(file: string): Promise<unknown> {
  if (file.endsWith('.mjs')) return import(pathToFileURL(file).href)
  try {
    return createRequire(join(dirname(file), '/'))(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error
    return import(pathToFileURL(file).href)
  }
}

const property = (from: unknown, name: string): unknown =>
  from === null || from === undefined ? undefined : (from as Record<string, unknown>)[name]

function failure(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
