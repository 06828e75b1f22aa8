import { runCommand } from './command.js'
import { type Finished, runJob } from './job.js'
import { readStartOptions } from './options.js'
import { progressLine, reportText } from './report/index.js'

runCommand(async (args, signal) => {
  const options = readStartOptions(args)
  let endProgress: () => void = () => undefined
  let finished: Finished
  try {
    finished = await runJob(options, {
      signal,
      onProgress: (ask) => {
        endProgress = progressLine(process.stderr, options.orders, ask)
      },
    })
  } finally {
    endProgress()
  }
  const { report } = finished
  return { ok: report.ok, text: options.json ? JSON.stringify(report) : reportText(finished) }
})
