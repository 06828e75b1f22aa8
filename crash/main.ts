import { randomInt } from 'node:crypto'
import { runCommand } from '../start/command.js'
import { readCrashOptions } from './options.js'
import { reportText } from './report.js'
import { type Report, runCrash } from './run.js'

runCommand(async (args, signal) => {
  const options = readCrashOptions(args, () => randomInt(2 ** 32 - 1))
  const { isTTY } = process.stderr
  const onProgress = (line: string) => void (isTTY && process.stderr.write(`\r\u001b[2Kseed ${options.seed} · ${line}`))
  let report: Report
  try {
    report = await runCrash(options, { signal, onProgress })
  } finally {
    if (isTTY) process.stderr.write('\r\u001b[2K')
  }
  return { ok: report.ok, text: options.json ? JSON.stringify(report) : reportText(report) }
})
