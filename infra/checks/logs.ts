import { type Check, found } from './subject.js'

/** Metrics are lines of the log (EMF): without it there are none, and what they are missed in takes that for silence. */
export const checkLogs: Check = (subject) => {
  if (subject.hasLog) return []
  const text =
    'its metrics are lines of its log, which disableLogs turns off: its graphs stay empty, what is abandoned or goes wrong is told to nobody, and its stall alarm sounds whenever there is lag. Take disableLogs out, and keep logs for a day (logRetentionInDays: 1) if they cost too much'
  return [found('ML_CHECK_LOGS', subject, text)]
}
