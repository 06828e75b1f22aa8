// serverless-esbuild loads this file with require, where a module is its exports unless it names another value.
export { config as 'module.exports' } from 'millrace/esbuild'
