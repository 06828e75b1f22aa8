/**
 * Signals a process that leads a group, and all that it has started with it. False where there is no such group: Windows has
 * none, and the process may be gone.
 */
export function killGroup(leader: number | undefined, signal: NodeJS.Signals): boolean {
  if (leader === undefined) return false
  try {
    return process.kill(-leader, signal)
  } catch {
    return false
  }
}
