/** What is used of the decompressors; most have no types of their own. */

declare module 'snappyjs' {
  const snappy: {
    uncompress(bytes: Buffer): Uint8Array
    compress(bytes: Buffer): Uint8Array
  }
  export default snappy
}

declare module 'lz4js' {
  const lz4: {
    decompress(frame: Uint8Array): Uint8Array
    compress(bytes: Uint8Array): Uint8Array
  }
  export default lz4
}

declare module 'fzstd' {
  export function decompress(frame: Uint8Array): Uint8Array
}
