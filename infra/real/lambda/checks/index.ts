import type { Check } from '../../checklist.js'
import type { Ground } from '../ground.js'
import { faultChecks } from './faults.js'
import { loadingChecks } from './loading.js'
import { ordersChecks } from './orders.js'

/** All that has to hold under Lambda's own runtime client. */
export const lambdaChecks = (ground: Ground): readonly Check[] => [
  ...ordersChecks(ground),
  ...faultChecks(ground),
  ...loadingChecks(ground),
]
