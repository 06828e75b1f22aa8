export { groupScope } from './scope.js'
