export { partitioner, seededRandom } from '../../lib/testing/load/index.js'
export { fewestOrders, particular, planOrders } from './plan.js'
export { type ProduceOptions, produceOrders } from './produce.js'
export { type Fate, type Header, type Order, type Planned, type Produced, placeOf } from './types.js'
