import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** A certificate and its private key, as PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

/** An authority of a test's own, which certifies names; each is valid for a day. */
export interface Authority {
  readonly ca: string
  certify(name: string): Certified
}

const oids = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  basicConstraints: '0603551d13',
  names: '0603551d11',
}
const oid = (name: keyof typeof oids) => Buffer.from(oids[name], 'hex')

/** An element of DER: its tag, its length, and what is in it. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const long = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...long]), content])
}

const sequence = (...parts: readonly Buffer[]) => element(0x30, ...parts)
const named = (name: string) => sequence(element(0x31, sequence(oid('commonName'), element(0x0c, Buffer.from(name)))))
const time = (at: number) => element(0x17, Buffer.from(new Date(at).toISOString().replace(/^\d\d|[-:T]|\.\d+/g, '')))
const algorithm = sequence(oid('ecdsaWithSha256'))
const truth = element(0x01, Buffer.from([0xff]))

/** Says that it may certify others, or that it is the machine's own address. */
const extensions = (isAuthority: boolean) =>
  isAuthority
    ? sequence(oid('basicConstraints'), truth, element(0x04, sequence(truth)))
    : sequence(oid('names'), element(0x04, sequence(element(0x87, Buffer.from([127, 0, 0, 1])))))

let serial = 1

function issue(subject: string, publicKey: KeyObject, issuer: string, signer: KeyObject, isAuthority: boolean): string {
  const now = Date.now()
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([serial++])),
    algorithm,
    named(issuer),
    sequence(time(now - 3_600_000), time(now + 86_400_000)),
    named(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(extensions(isAuthority))),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)])
  const der = sequence(body, algorithm, element(0x03, signature)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })

export function authority(name: string): Authority {
  const own = newKeys()
  return {
    ca: issue(name, own.publicKey, name, own.privateKey, true),
    certify(subject) {
      const { publicKey, privateKey } = newKeys()
      const cert = issue(subject, publicKey, name, own.privateKey, false)
      return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
    },
  }
}
