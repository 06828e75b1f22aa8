/** An answer of Lambda's API that is an error. */
export interface Refusal {
  readonly status: number
  readonly type:
    | 'AccessDeniedException'
    | 'InvalidParameterValueException'
    | 'ResourceInUseException'
    | 'ResourceNotFoundException'
    | 'UnknownOperationException'
  readonly message: string
}

/** Thrown to the server, which answers it. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

export const invalid = (message: string): Refused =>
  new Refused({ status: 400, type: 'InvalidParameterValueException', message })

export const inUse = (): Refused =>
  new Refused({
    status: 400,
    type: 'ResourceInUseException',
    message: 'Cannot update the event source mapping because it is in use.',
  })

export const notFound = (): Refused =>
  new Refused({
    status: 404,
    type: 'ResourceNotFoundException',
    message: 'The resource you requested does not exist.',
  })

/** Whoever is sent here by a name of their own. */
export const notOurName = (host = 'no name'): Refused =>
  new Refused({
    status: 403,
    type: 'AccessDeniedException',
    message: `the mappings of this machine answer to 127.0.0.1 and localhost, and not to ${host}`,
  })

/** Only what the commands need is here. */
export const unknownOperation = (method: string, path: string): Refused =>
  new Refused({
    status: 404,
    type: 'UnknownOperationException',
    message: `${method} ${path} is not served locally; event source mappings can be listed, read, enabled and disabled`,
  })
