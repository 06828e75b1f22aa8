/** How serverless-esbuild bundles each function; also what esbuild itself takes, but for the last three. */
export interface BundleOptions {
  readonly bundle: true
  /** CommonJS in `.cjs` is the one form that both `serverless invoke local` and Lambda's runtime client load. */
  readonly format: 'cjs'
  readonly outputFileExtension: '.cjs'
  readonly platform: 'node'
  readonly target: 'node20'
  /** Beside the bundle, with its sources; Node reads it where it runs with `--enable-source-maps`. */
  readonly sourcemap: 'linked'
  readonly minify: false
  readonly external: readonly string[]
  readonly exclude: readonly string[]
  readonly skipRebuild: true
}

/**
 * The configuration of serverless-esbuild for a service on Millrace: one `.cjs` for each function, with a linked source map, and
 * with all that it needs. A service has it as `esbuild.config.mjs` and names that file as `custom.esbuild.config`:
 *
 * ```js
 * export { config as 'module.exports' } from 'millrace/esbuild'
 * ```
 *
 * A service that wants something else spreads what this answers: `{ ...config(), minify: true }`.
 *
 * @example
 * ```ts
 * import { config } from 'millrace/esbuild'
 *
 * console.log(config().outputFileExtension) // .cjs
 * ```
 */
export const config = (): BundleOptions => ({
  bundle: true,
  format: 'cjs',
  outputFileExtension: '.cjs',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // Names and lines of a stack trace are worth more than the bytes.
  minify: false,
  // The AWS SDK is bundled, at the version of the lock file, and so is all else.
  external: [],
  exclude: [],
  // Without it a failed bundle or handler leaves the bundler's process running, and the command never ends.
  skipRebuild: true,
})
