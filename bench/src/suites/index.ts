import type { Suite } from '../result.js'
import { coldStart } from './cold-start.js'
import { contract } from './contract.js'
import { growth } from './growth.js'
import { limit } from './limit.js'
import { local } from './local.js'
import { memory } from './memory.js'
import { peersInMemory, peersOnStore } from './peers.js'

/** By the names that `--only` takes. Each runs in a process of its own. */
export const suites: Readonly<Record<string, Suite>> = {
  peers: peersInMemory,
  store: peersOnStore,
  limit,
  growth,
  contract,
  memory,
  cold: coldStart,
  local,
}
