export { type FailuresSettings, failuresSink } from './failures.js'
export { itemsOf, keyOf, pieceKey } from './items.js'
export { byteAttributes, envelopeOfItems, piecesOf, provenanceOfItem } from './read.js'
