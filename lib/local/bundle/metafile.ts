/** What is used of esbuild's account of a bundle. Paths are relative to the folder that it was bundled in. */
export interface Metafile {
  readonly inputs: Readonly<
    Record<string, { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }>
  >
  readonly outputs: Readonly<
    Record<
      string,
      { readonly entryPoint?: string; readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >
}
