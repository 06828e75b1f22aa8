/** The address that Node says its inspector has, true for what else it says of it, undefined for any other line. */
export function readInspector(line: string): string | true | undefined {
  const [, url] = /^Debugger listening on (ws:\S+)$/.exec(line) ?? []
  if (url !== undefined) return url
  return (
    /^(For help, see: \S+inspector|Debugger (attached|ending)|Waiting for the debugger to disconnect)/.test(line) ||
    undefined
  )
}
