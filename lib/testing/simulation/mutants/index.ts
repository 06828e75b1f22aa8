export { type MutantOptions, type MutantResult, runMutants } from './run.js'
