/** How functions are bundled. CommonJS in `.cjs` is the one form that both `serverless invoke local` and Lambda load. */
const config = () => ({
  bundle: true,
  format: 'cjs',
  outputFileExtension: '.cjs',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  // Names and lines of a stack trace are worth more than the bytes.
  minify: false,
  // The AWS SDK is bundled, at the version of the lock file, and so is all else.
  exclude: [],
  external: [],
  // Without it a failed bundle or handler leaves the bundler's process running, and the command never ends.
  skipRebuild: true,
})

// serverless-esbuild loads this file with require, where a module is its exports unless it names another value.
export { config as 'module.exports' }
