/**
 * The program of the function's process: a small runtime client that loads the handler and asks for one invocation after
 * another. It is a stand-in for Lambda's own client, which may take its place.
 */
import { Worker } from 'node:worker_threads'
import { type Invocation, type RuntimeClient, runtimeClient } from './client.js'
import { describeError } from './describe.js'
import { type Handler, loadHandler } from './load.js'
import { lifelineFd } from './path.js'

const env = (name: string): string => process.env[name] ?? ''

async function main(): Promise<never> {
  writeAtOnce()
  new Worker(new URL('./lifeline.js', import.meta.url), { workerData: lifelineFd }).unref()
  const client = runtimeClient(env('AWS_LAMBDA_RUNTIME_API'))
  let current: Invocation | undefined

  // As Lambda's client does for Node 20 and 22: what nobody caught fails the invocation, and the process is not used again. That for
  // Node 24 (aws-lambda-ric 4) leaves it to Node, which ends the process with 1 and tells nobody: a crash.
  const giveUp = (exitCode: number) => (thrown: unknown) => {
    console.error(thrown)
    const told = current
      ? client.fail(current.requestId, describeError(thrown))
      : client.failInit(describeError(thrown))
    told.finally(() => process.exit(exitCode)).catch(() => process.exit(exitCode))
  }
  if (Number.parseInt(process.versions.node, 10) < 24) {
    process.on('uncaughtException', giveUp(129))
    process.on('unhandledRejection', giveUp(128))
  }

  const handler = await initialise(client)
  for (;;) {
    current = await client.next()
    if (current.traceId !== undefined) process.env._X_AMZN_TRACE_ID = current.traceId
    await run(client, handler, current)
  }
}

/** What was written before the process is killed has left it, as it has on Lambda: the log is the history of the runs. */
function writeAtOnce(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const { _handle: handle } = stream as { _handle?: { setBlocking?(on: boolean): void } }
    handle?.setBlocking?.(true)
  }
}

async function initialise(client: RuntimeClient): Promise<Handler> {
  try {
    return await loadHandler(env('LAMBDA_TASK_ROOT'), env('_HANDLER'))
  } catch (error) {
    console.error(error)
    await client.failInit(describeError(error))
    process.exit(1)
  }
}

async function run(client: RuntimeClient, handler: Handler, invocation: Invocation): Promise<void> {
  let answer: string
  try {
    const result = await handler(JSON.parse(invocation.body), contextOf(invocation))
    answer = JSON.stringify(result) ?? 'null'
  } catch (error) {
    await client.fail(invocation.requestId, describeError(error))
    return
  }
  await client.respond(invocation.requestId, answer)
}

function contextOf({ requestId, functionArn, deadlineMs }: Invocation): object {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env('AWS_LAMBDA_FUNCTION_NAME'),
    functionVersion: env('AWS_LAMBDA_FUNCTION_VERSION'),
    invokedFunctionArn: functionArn,
    memoryLimitInMB: env('AWS_LAMBDA_FUNCTION_MEMORY_SIZE'),
    awsRequestId: requestId,
    logGroupName: env('AWS_LAMBDA_LOG_GROUP_NAME'),
    logStreamName: env('AWS_LAMBDA_LOG_STREAM_NAME'),
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  }
}

main().catch((error: unknown) => {
  // The runtime API is gone, and with it the parent; there is nobody left to work for.
  console.error(error)
  process.exit(1)
})
