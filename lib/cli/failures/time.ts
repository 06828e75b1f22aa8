import { usage } from '../voice.js'

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `2h` ago, or a date of ISO 8601; epoch ms. */
export function timeOf(text: string, option: string, now: number): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * unitMs[unit as keyof typeof unitMs]
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw usage(`${option} ${text} is no time; give one as 2h, 30m or 7d (ago), or as 2026-01-31T12:00:00Z`)
}

/** A time for people; a number that is none, as it is. @param ms since 1970 */
export const timeText = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms))
