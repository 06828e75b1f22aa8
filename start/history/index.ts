export { type BatchLine, type Decision, type History, historyReader, type Place, type Run } from './history.js'
