#!/usr/bin/env node
import { run } from './program.js'

// For this process and those it starts: a newcomer's first screen shows what millrace says.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
process.env.AWS_EC2_METADATA_DISABLED ??= 'true'

// A reader that went away (`millrace … | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const code = await run(process.argv.slice(2))
// What a command no longer waits for (a call that nobody answers) would hold the process: it ends when all is written.
process.stdout.write('', () => process.exit(code))
