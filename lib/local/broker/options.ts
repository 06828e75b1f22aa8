import { MillraceError, show } from '../../errors.js'

/** How to start a broker; every field has a default. */
export interface BrokerOptions {
  /** Address to listen on. Default `127.0.0.1`: reachable from this machine only. */
  host?: string
  /** Port, 0 to 65535. Default 0: any free one, told by the broker's `port`. */
  port?: number
  /** Create a topic when a client asks for one that does not exist. Default true. */
  autoCreateTopics?: boolean
  /** Partitions of a topic created without a number, 1 to 10000. Default 4. */
  defaultPartitions?: number
  /**
   * Directory that keeps everything the broker has acknowledged, over the death of its process (not of the machine). Made if it
   * is not there; one broker at a time. Default: everything is kept in memory, and gone when the broker stops.
   */
  dataDir?: string
  /** Takes a line for what a developer should know: connections closed for a fault, settings not applied. Default: none. */
  log?: (line: string) => void
}

/** The options with their defaults. */
export type Settings = Required<Omit<BrokerOptions, 'dataDir'>> & Pick<BrokerOptions, 'dataDir'>

export function checkOptions(options: BrokerOptions): Settings {
  const { host = '127.0.0.1', port = 0, autoCreateTopics = true, defaultPartitions = 4 } = options
  checkRange('port', port, 0, 65_535)
  checkRange('defaultPartitions', defaultPartitions, 1, 10_000)
  const { dataDir, log = () => undefined } = options
  if (dataDir === '') throw new MillraceError('ML_OPTION_INVALID', "the broker's dataDir is empty; give a directory")
  return { host, port, autoCreateTopics, defaultPartitions, log, ...(dataDir !== undefined && { dataDir }) }
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `the broker's ${name} is ${show(value)}; give a whole number from ${min} to ${max}`,
  )
}
