/**
 * moto, which stands for AWS in the lanes that need more of it than DynamoDB: installed once, started on a free port.
 *
 * @module
 */
export { installPython, type Python, requirePython } from './install.js'
export { startMoto } from './start.js'
