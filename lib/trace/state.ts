/** Level 2 of the specification, which takes all that Level 1 does: `key` and, after the first `=`, `value`. */
const member = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const mostMembers = 32

/**
 * The members of all `tracestate` headers, in their order, as one; undefined where there is none. A malformed one, or more than 32, make
 * all of it invalid: the trace goes on without.
 */
export function readState(headers: readonly string[]): string | undefined {
  const members = headers
    .flatMap((header) => header.split(','))
    .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((text) => text !== '')
  const isValid = members.length > 0 && members.length <= mostMembers && members.every((text) => member.test(text))
  return isValid ? members.join(',') : undefined
}
