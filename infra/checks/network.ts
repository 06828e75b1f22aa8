import { BlockList, isIP } from 'node:net'
import { type Check, found, ofMappings } from './subject.js'

const loopback = blockList(['127.0.0.0', 8], ['0.0.0.0', 32], ['::1', 128], ['::', 128])

/** What nobody outside a network reaches (RFC 1918, 3927, 6598 and 4193). */
const inner = blockList(
  ...([
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['169.254.0.0', 16],
    ['100.64.0.0', 10],
  ] as const),
  ...([
    ['fc00::', 7],
    ['fe80::', 10],
  ] as const),
)

function blockList(...ranges: readonly (readonly [network: string, prefix: number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, familyOf(network))
  return list
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** Where Lambda has to go to reach the brokers of a cluster of one's own. */
export const checkNetwork: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    const { SelfManagedEventSource: source, SourceAccessConfigurations: access = [] } = mapping.properties
    const hosts = (source?.Endpoints?.KafkaBootstrapServers ?? []).flatMap((broker) =>
      typeof broker === 'string' ? [hostOf(broker)] : [],
    )
    const own = hosts.find(isLoopback)
    if (own !== undefined && subject.isDeployed) {
      const text = `its broker ${own} is the machine that reads it: on Lambda there is none. Name the cluster in bootstrapServers, for example by KAFKA_BROKERS`
      return [found('ML_CHECK_LOOPBACK', subject, text, mapping)]
    }
    const hidden = hosts.find(isInner)
    // Half a VPC the event itself refuses.
    if (hidden === undefined || access.some(({ Type }) => Type === 'VPC_SUBNET')) return []
    const text = `its broker ${hidden} is inside a network, and without a VPC Lambda reads from the internet only. Add vpcSubnet and vpcSecurityGroup to its accessConfigurations`
    return [found('ML_CHECK_VPC', subject, text, mapping)]
  })

/** `host:port`, `[::1]:9092`. */
const hostOf = (broker: string): string =>
  broker
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()

const isLoopback = (host: string): boolean =>
  isIP(host) > 0 ? loopback.check(host, familyOf(host)) : /(^|\.)localhost$/.test(host)

/** A name of one word is known inside its network only, and so are these endings. */
const isInner = (host: string): boolean => {
  if (isIP(host) > 0) return inner.check(host, familyOf(host))
  return !isLoopback(host) && (/\.(internal|local)$/.test(host) || !host.includes('.'))
}
