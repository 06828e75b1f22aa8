/**
 * Every metric that there is to show: those that AWS documents, and the framework's own.
 *
 * @module
 */
export {
  type FunctionAwsMetric,
  functionMetrics,
  type MappingAwsMetric,
  type MetricsKind,
  mappingMetrics,
  type TableAwsMetric,
  tableMetrics,
} from './aws.js'
export {
  lagOf,
  type Metric,
  ofBatches,
  ofCode,
  ofFunction,
  ofHealth,
  ofMapping,
  ofTable,
  publishes,
  type Value,
} from './metric.js'
export { type SeenMetrics, watchMetrics } from './seen.js'
