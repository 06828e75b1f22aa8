export { type FailuresSettings, failuresSink } from './failures.js'
export { isHead, itemsOf, keyOf, offsetIn, pieceKey } from './items.js'
export { envelopeOfItems, piecesOf, provenanceOfItem } from './read.js'
