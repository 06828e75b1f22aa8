export { type FailuresSettings, failuresSink } from './failures.js'
export { isHead, isWaiting, itemsOf, keyOf, offsetIn, pieceKey } from './items.js'
export { envelopeOfItems, piecesOf, provenanceOfItem } from './read.js'
