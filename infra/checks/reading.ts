import { asError, type MillraceError } from '../../lib/errors.js'
import { compileFilters, filterQuota } from '../../lib/local/esm/filter/index.js'
import { type Check, found, ofMappings } from './subject.js'

/** Where the reading of a topic begins. */
export const checkStart: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    if (mapping.properties.StartingPosition !== 'LATEST') return []
    const text =
      'a new group begins at the end of the topic (startingPosition: LATEST): what was produced before Lambda is ready, which takes minutes, is never delivered. Remove startingPosition, or set AT_TIMESTAMP with a startingPositionTimestamp; if those records do not matter, turn this check off'
    return [found('ML_CHECK_LATEST', subject, text, mapping)]
  })

/** The filters, each as Lambda reads it: for Kafka, by the value alone (KAFKA-ESM §5). */
export const checkFilters: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    const filters = mapping.properties.FilterCriteria?.Filters ?? []
    const tooMany =
      filters.length > filterQuota.most
        ? [`it has ${filters.length} filterPatterns; Lambda takes up to ${filterQuota.most}. Join or remove some`]
        : []
    const refused = filters.flatMap((filter, index) => refusalOf(filter, index + 1, mapping.planned.told.topic))
    return [...tooMany, ...refused].map((text) => found('ML_CHECK_FILTER', subject, text, mapping))
  })

function refusalOf(filter: unknown, number: number, topic: string): readonly string[] {
  try {
    compileFilters({ Filters: [filter] }, topic, 'pass')
    return []
  } catch (error) {
    const { message } = asError((error as MillraceError).cause ?? error)
    return [
      `Lambda does not take filterPatterns entry ${number}: ${message}. Filter by the fields of the value, and the rest in the handler`,
    ]
  }
}
