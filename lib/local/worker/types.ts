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
  /**
   * Invocations that run at once, each in an environment of its own, 0 to 1000; the function's `ReservedConcurrentExecutions`.
   * Beyond it an invocation is throttled. Default 1000, an account's limit on Lambda.
   */
  readonly concurrency?: number
  /**
   * Runs the process under Node's inspector on 127.0.0.1, on this port; 0 takes any free one. There is one environment then,
   * invocations wait for it, and nothing times out. Default: no inspector.
   */
  readonly inspectPort?: number
  /** Told where the inspector listens, for each process anew. */
  readonly onInspector?: (inspector: Inspector) => void
  /** What runs the function. Default: the framework's own runtime client, on the Node of this process. */
  readonly client?: RuntimeProgram
  /** Receives what the function writes to stdout and stderr, line by line. Nowhere by default. */
  readonly log?: (line: string, meta: LogMeta) => void
}

/** A client of Lambda's runtime API as a program: Lambda's own, for example. */
export interface RuntimeProgram {
  /** The Node that runs it, absolute, and its version, for example `24.9.0`. */
  readonly node: string
  readonly nodeVersion: string
  /** Node's own options. */
  readonly flags: readonly string[]
  /** Absolute. It finds its handler in `_HANDLER`. */
  readonly program: string
}

/** Where a debugger finds a function's process. */
export interface Inspector {
  readonly functionName: string
  readonly pid: number
  /** For a debugger, for example `ws://127.0.0.1:9229/…`. */
  readonly url: string
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
  /** Of the code that ran: 1, and one more with each {@link Worker.update}. */
  readonly version?: number
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

/**
 * One function's execution environments: processes of their own, one for each invocation that runs at once, kept between
 * invocations, replaced after a crash.
 */
export interface Worker {
  /** Of the environment that was used last; undefined where none lives. */
  readonly pid: number | undefined
  /** Of all that live, the one used last first. */
  readonly pids: readonly number[]
  /** Of the code that the next invocation runs: 1, and one more with each {@link update}. */
  readonly version: number
  /**
   * Runs the function once, in an environment that is free or in a new one.
   *
   * @throws MillraceError `ML_LOCAL_STOPPED` once the worker was stopped, `ML_LOCAL_THROTTLED` beyond its concurrency: then the
   * function was not reached; whatever the function does is a result, not a throw
   */
  invoke(event: unknown): Promise<InvokeResult>
  /**
   * Takes the code in another folder from the next invocation on; those that run finish on the old one. Resolves when nothing
   * runs the old code any more.
   */
  update(dir: string): Promise<void>
  /** Fault injection: signals the process given, or all of the function's; SIGKILL by default. */
  kill(signal?: NodeJS.Signals, pid?: number): void
  /** Kills the processes and closes what belongs to them. Resolves when they are gone. */
  stop(): Promise<void>
}
