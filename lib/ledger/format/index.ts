export { decodeState, encodeState } from './format.js'
