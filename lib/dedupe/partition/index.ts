export { partitionScope } from './scope.js'
