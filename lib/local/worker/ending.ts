import type { FunctionError, InvokeResult } from './types.js'

type Common = 'requestId' | 'durationMs' | 'pid' | 'coldStart'
/** How an invocation ended: what is particular to one kind of result. */
export type Ending = {
  [K in InvokeResult['kind']]: Omit<Extract<InvokeResult, { kind: K }>, Common>
}[InvokeResult['kind']]

/** The ending by an answer of the function; undefined is one that was too large. */
export function answered(body: string | undefined): Ending {
  if (body === undefined) {
    const errorMessage = 'the answer is larger than the 6 MB that Lambda takes; answer with less'
    return failed({ errorType: 'Function.ResponseSizeTooLarge', errorMessage, stackTrace: [] })
  }
  try {
    return { kind: 'ok', payload: body === '' ? null : JSON.parse(body) }
  } catch (error) {
    return failed({
      errorType: 'Runtime.InvalidResponse',
      errorMessage: `the answer is no JSON: ${error}`,
      stackTrace: [],
    })
  }
}

/** The ending by an error of the function. */
export const failed = (error: FunctionError): Ending => ({ kind: 'error', message: oneLine(error), error })

/** An error in one line for people. */
export const oneLine = ({ errorType, errorMessage }: FunctionError): string =>
  `${errorType}: ${errorMessage.split('\n')[0]}`
