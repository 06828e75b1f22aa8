/** What a check came to. */
export interface Checked {
  /** A sentence. */
  readonly name: string
  readonly ok: boolean
  readonly detail?: string
}

/** Runs a check, remembers and tells what it came to. Answers whether it held, for what makes sense only then. */
export type Check = (name: string, run: () => unknown) => Promise<boolean>

/** The checks of a run: one that fails keeps no other from running. */
export function checkList(tell: (line: string) => void): { readonly check: Check; readonly all: readonly Checked[] } {
  const all: Checked[] = []
  return {
    all,
    async check(name, run) {
      try {
        await run()
        all.push({ name, ok: true })
        tell(`  ok      ${name}`)
        return true
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        all.push({ name, ok: false, detail })
        tell(`  FAILED  ${name}: ${detail}`)
        return false
      }
    },
  }
}
