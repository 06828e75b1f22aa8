/** What a worker runs, and how. */
export interface WorkerOptions {
  readonly functionName: string
  /** As in CloudFormation: `functions/orders/handler.handler`. */
  readonly handler: string
  /** Folder of the unzipped code, absolute. */
  readonly dir: string
  /** The function's own variables, with AWS_REGION, credentials and endpoints where it needs them. Nothing else is inherited but PATH. */
  readonly environment: Readonly<Record<string, string>>
  /** The function's timeout in milliseconds. Past it the process is killed. */
  readonly timeoutMs: number
  readonly memoryMb: number
  /** Receives what the function writes to stdout and stderr, line by line. Nowhere by default. */
  readonly log?: (line: string, meta: LogMeta) => void
}

/** Where a line of a function's log comes from. */
export interface LogMeta {
  readonly functionName: string
  /** The invocation that runs, or ran last, when the line arrived. */
  readonly requestId?: string
  readonly pid: number
}

/** An error as Lambda's runtime API carries it. */
export interface FunctionError {
  readonly errorType: string
  readonly errorMessage: string
  readonly stackTrace: readonly string[]
  readonly cause?: FunctionError
}

interface Invoked {
  readonly requestId: string
  /** From the moment the function was given the event; from the start of the process where it never was. */
  readonly durationMs: number
  readonly pid: number
  /** The first invocation of its process. */
  readonly coldStart: boolean
}

/** What became of one invocation. Only `ok` is a success; `message` is one line for people. */
export type InvokeResult =
  | (Invoked & { readonly kind: 'ok'; readonly payload: unknown })
  | (Invoked & { readonly kind: 'error'; readonly message: string; readonly error: FunctionError })
  | (Invoked & { readonly kind: 'init'; readonly message: string; readonly error?: FunctionError })
  | (Invoked & { readonly kind: 'timeout'; readonly message: string })
  | (Invoked & {
      readonly kind: 'crash'
      readonly message: string
      readonly exitCode: number | null
      readonly signal: NodeJS.Signals | null
    })

/** One function's execution environment: a process of its own, kept between invocations, replaced after a crash. */
export interface Worker {
  /** Of the living process; undefined before the first invocation and after a crash. */
  readonly pid: number | undefined
  /**
   * Runs the function once. Invocations of one worker run one after another, as in one Lambda environment.
   *
   * @throws MillraceError `ML_LOCAL_STOPPED` once the worker was stopped; whatever the function does is a result, not a throw
   */
  invoke(event: unknown): Promise<InvokeResult>
  /** Fault injection: signals the living process, SIGKILL by default. */
  kill(signal?: NodeJS.Signals): void
  /** Kills the process and closes what belongs to it. Resolves when the process is gone. */
  stop(): Promise<void>
}
