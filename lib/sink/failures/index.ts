export { type FailuresSettings, failuresSink } from './failures.js'
export { itemsOf, keyOf, offsetIn, pieceKey } from './items.js'
export { envelopeOfItems, piecesOf, provenanceOfItem } from './read.js'
