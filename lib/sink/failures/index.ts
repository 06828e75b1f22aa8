export { type FailuresSettings, failuresSink } from './failures.js'
export { itemsOf, keyOf, pieceKey } from './items.js'
export { envelopeOfItems, piecesOf, provenanceOfItem } from './read.js'
