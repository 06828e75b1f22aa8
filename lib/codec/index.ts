export { bytes } from './bytes.js'
export type { Codec } from './codec.js'
export { json } from './json.js'
export { text } from './text.js'
