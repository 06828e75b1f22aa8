import type { DeliveryNeeds, Finding } from '../../lib/deployment/index.js'
import { type Check, found, ofMappings, type Subject, type SubjectMapping, timeOf } from './subject.js'

/** Milliseconds that a function may take which reads Kafka (KAFKA-ESM §2): 14 minutes, where others have 15. */
const longestMs = 840_000

/** The function's time-out: what Lambda takes, and what its code needs of it. */
export const checkTimeout: Check = (subject) => {
  const { timeoutMs, isTimeoutSet, code } = subject
  const findings: Finding[] = []
  if (timeoutMs > longestMs) {
    const text = `its timeout is ${timeoutMs / 1_000} s, but Lambda reads Kafka for functions of at most 840 s (14 minutes). Set timeout to 840 or less, and batchSize to what is done in that time`
    findings.push(found('ML_CHECK_TIMEOUT_LONG', subject, text))
  }
  if (!isTimeoutSet) {
    const text = `it says no timeout and gets ${timeoutMs / 1_000} s, for a whole batch: what is not done then is delivered again. Set timeout, for example to 60`
    findings.push(found('ML_CHECK_TIMEOUT_UNSET', subject, text))
  }
  if (typeof code.needs === 'string') return findings
  return [...findings, ...tooShort(subject, code.needs), ...(isTimeoutSet ? lease(subject, code.needs) : [])]
}

/** No record may be started in the time kept for settling, so a record that needs more than the rest is never finished. */
function tooShort(subject: Subject, needs: DeliveryNeeds): readonly Finding[] {
  const { timeoutMs } = subject
  const { recordTimeoutMs = 0, batchTimeoutMs } = needs
  const { usableMs, reserveMs } = timeOf(needs, timeoutMs)
  if (usableMs > recordTimeoutMs) return []
  const [limit, raise] =
    batchTimeoutMs !== undefined && batchTimeoutMs < timeoutMs
      ? [`its batchTimeoutMs is ${batchTimeoutMs}`, `batchTimeoutMs to more than ${recordTimeoutMs + reserveMs}`]
      : [`its timeout is ${timeoutMs / 1_000} s`, `timeout to ${secondsFor(recordTimeoutMs, needs.reserveMs)} or more`]
  const kept = `${limit}, of which ${reserveMs} ms are kept for settling`
  const [what, lower] =
    usableMs <= 0
      ? ['no record is ever started', 'reserveMs']
      : [`a record that runs as long as its recordTimeoutMs of ${recordTimeoutMs} is never finished`, 'recordTimeoutMs']
  return [found('ML_CHECK_TIMEOUT_SHORT', subject, `${kept}: ${what}. Set ${raise}, or lower ${lower}`)]
}

/** The least whole seconds that leave more than a record's time. */
function secondsFor(recordTimeoutMs: number, reserveMs: number | undefined): number {
  // By default two seconds are kept, or a quarter where that is less.
  const neededMs =
    reserveMs === undefined ? Math.min((recordTimeoutMs * 4) / 3, recordTimeoutMs + 2_000) : recordTimeoutMs + reserveMs
  return Math.floor(neededMs / 1_000) + 1
}

/** Who meets the lease of a crashed invocation waits for it as long as it may, which spends a delivery. */
function lease(subject: Subject, needs: DeliveryNeeds): readonly Finding[] {
  const { usableMs } = timeOf(needs, subject.timeoutMs)
  if (needs.leaseMs <= usableMs || usableMs <= 0) return []
  const text = `after a crash its source partitions are kept for ${needs.leaseMs} ms (leaseMs), but an invocation can wait for ${usableMs} ms of them only: one crash spends ${Math.ceil(needs.leaseMs / usableMs)} deliveries. Raise timeout, or lower leaseMs`
  return [found('ML_CHECK_LEASE', subject, text)]
}

/** The age at which Lambda gives a record up, against the time that the function asks for it. */
export const checkRecordAge: Check = (subject) => ofMappings(subject, (mapping) => recordAge(subject, mapping))

function recordAge(subject: Subject, mapping: SubjectMapping): readonly Finding[] {
  const { MaximumRecordAgeInSeconds: age = -1, MaximumBatchingWindowInSeconds: window = 0.5 } = mapping.properties
  if (age === -1) return []
  const aged = `its records are given up at an age of ${age} s (maximumRecordAgeInSeconds)`
  const unsafe = (text: string) => [found('ML_CHECK_RECORD_AGE', subject, `${aged}, but ${text}`, mapping)]
  if (window >= age) {
    return unsafe(
      `may wait ${window} s for their batch (maximumBatchingWindow): records are given up unseen. Raise the one, or lower the other`,
    )
  }
  const { needs } = subject.code
  if (typeof needs !== 'string') {
    if (needs.keeps) {
      return unsafe(
        "the function keeps records until what they fail by is mended (retry.onExhausted is 'retry' or 'fail', or a poison 'fail'). Remove maximumRecordAgeInSeconds",
      )
    }
    const waits = waitsMs(needs) / 1_000
    if (waits + window >= age) {
      return unsafe(
        `the function waits ${Math.ceil(waits)} s between its ${needs.attempts} attempts alone: Lambda gives them up before the function has. Set maximumRecordAgeInSeconds to several times that, or lower retry.attempts or retry.intervalMs`,
      )
    }
  }
  const onceS = subject.timeoutMs / 1_000 + window
  if (age > onceS) return []
  const text = `${aged}, and one delivery may take ${onceS} s (timeout and batching window): a record that fails late is not tried again. Set maximumRecordAgeInSeconds to several times that`
  return [found('ML_CHECK_RECORD_AGE_SHORT', subject, text, mapping)]
}

/** The batching window, which a stall alarm may take for a stall. */
export const checkWindow: Check = (subject) =>
  ofMappings(subject, (mapping) => {
    const { MaximumBatchingWindowInSeconds: window = 0.5 } = mapping.properties
    const { stallSeconds } = subject
    if (stallSeconds === undefined || !mapping.tellsLag) return []
    const longest = window + subject.timeoutMs / 1_000
    if (longest < stallSeconds) return []
    const text = `a record may wait ${window} s for its batch and then take ${subject.timeoutMs / 1_000} s (maximumBatchingWindow, timeout), and its stall alarm sounds after ${stallSeconds} s. Lower maximumBatchingWindow, or set millrace: { alarms: { stall: { stallSeconds } } } to more than ${Math.ceil(longest)}`
    return [found('ML_CHECK_WINDOW', subject, text, mapping)]
  })

/** All that a record waits between its attempts. */
function waitsMs({ attempts, intervalMs, factor, capMs }: DeliveryNeeds): number {
  let sum = 0
  for (let run = 1; run < attempts; run++) sum += Math.min(capMs, intervalMs * factor ** (run - 1))
  return sum
}
