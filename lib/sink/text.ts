const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of these bytes, or undefined where they are not UTF-8: text that stands for them exactly. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** Text as text; bytes that are none as base64, in an object so that nobody takes it for text. */
export function shown(bytes: Uint8Array | null): string | null | { readonly base64: string } {
  return bytes === null ? null : (textOf(bytes) ?? { base64: Buffer.from(bytes).toString('base64') })
}
