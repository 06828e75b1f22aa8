import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)

interface Esbuild {
  build(options: object): Promise<unknown>
}

/** Bundles a function as the service is bundled: with the project's own bundler and its settings. */
export async function bundle(
  entry: string,
  outfile: string,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const settings = await import(new URL('esbuild.config.mjs', root).href)
  // The rest of them is for the plugin that packages the service.
  const { bundle, format, platform, target, sourcemap, minify, external } = settings['module.exports']()
  const { build } = createRequire(root)('esbuild') as Esbuild
  const entryPoints = [fileURLToPath(new URL(entry, root))]
  await build({
    entryPoints,
    outfile,
    bundle,
    format,
    platform,
    target,
    sourcemap,
    minify,
    external,
    logLevel: 'error',
  })
  return { path: outfile, bytes: (await stat(outfile)).size }
}
