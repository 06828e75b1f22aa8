import type { Logger } from '@aws-lambda-powertools/logger'
import type { Log } from '../engine/index.js'

/** Where the framework's own lines go. They quote no record, unless the environment asks for it. */
export function decisionLog(logger: Logger): Log {
  return {
    payloads: process.env.MILLRACE_LOG_PAYLOADS === 'true',
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error: (message, fields) => logger.error(message, fields),
  }
}

/**
 * What every line of an invocation names: its request, and the execution environment that it ran in, which is the last part of its log
 * stream's name.
 */
export function namesOf(awsRequestId: string | undefined): { requestId?: string; worker?: string } {
  const worker = process.env.AWS_LAMBDA_LOG_STREAM_NAME?.split(']').at(-1)
  return { ...(awsRequestId && { requestId: awsRequestId }), ...(worker && { worker }) }
}
