/**
 * Reads the CloudFormation template and the zips that `serverless package` writes, and has them written.
 *
 * @module
 */
export { readFiles, type State } from './files.js'
export { configurations, type PackageOptions, packageService, serverlessProgram } from './package.js'
export { isPackaged, readService } from './read.js'
export { createTableInput } from './tables.js'
export type { FunctionConfig, Service } from './types.js'
export { unpack } from './unpack.js'
