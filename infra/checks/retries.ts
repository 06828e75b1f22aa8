import { retriesNeeded, tooFewRetries } from '../../lib/deployment/index.js'
import { mappingOf } from '../events/index.js'
import { type Check, found, ofMappings } from './subject.js'

/** Holds the retries of limited mappings against what their function's code may need. */
export const checkRetries: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    const { needs } = subject.code
    const { retries } = mappingOf(mapping.planned.type, mapping.properties)
    if (retries === undefined || typeof needs === 'string') return []
    const needed = retriesNeeded(needs, subject.timeoutMs, needs)
    return needed <= retries
      ? []
      : [found('ML_RETRIES_TOO_FEW', subject, `it ${tooFewRetries(needed, retries)}`, mapping)]
  })
