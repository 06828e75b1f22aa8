/**
 * What is refused before anything is deployed, because it would not do what it says.
 *
 * @module
 */
export { checkService } from './check.js'
export { codeOf } from './code.js'
export { noteRefusal, noteWarning, reportFindings } from './report.js'
export { type CheckSettings, checkProperties } from './settings.js'
