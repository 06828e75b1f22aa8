export { type Ended, unwatched, type Watch, Watcher } from './watcher.js'
