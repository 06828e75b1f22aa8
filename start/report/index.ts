export { lineOf, progressLine } from './progress.js'
export { reportText } from './text.js'
