/** What the suite uses of the protocol inside kafkajs: the codecs of a real client, without its retries. */
declare module 'kafkajs/src/protocol/requests/index.js' {
  interface Codec {
    readonly request: {
      readonly apiKey: number
      readonly apiVersion: number
      encode(): Promise<import('kafkajs/src/protocol/encoder.js').default>
      expectResponse?(): boolean
    }
    readonly response: { decode(body: Buffer): Promise<unknown> }
  }
  const protocol: {
    readonly requests: Readonly<
      Record<string, { protocol(options: { version: number }): ((payload: unknown) => Codec) | undefined }>
    >
  }
  export default protocol
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    readonly buffer: Buffer
    writeInt8(value: number): this
    writeInt16(value: number): this
    writeInt32(value: number): this
    writeInt64(value: number | bigint | string): this
    writeBoolean(value: boolean): this
    writeString(value: string | null): this
    writeBytes(value: Buffer | null): this
    writeBuffer(value: Buffer): this
    writeArray(values: readonly (Encoder | number | string)[]): this
    writeEncoder(value: Encoder): this
  }
}

declare module 'kafkajs/src/protocol/request.js' {
  export default function encodeRequest(options: {
    correlationId: number
    clientId: string
    request: unknown
  }): Promise<import('kafkajs/src/protocol/encoder.js').default>
}
