import { asError } from '../../errors.js'
import { type Ground, type RunningService, readPackaged, type ServiceOptions, startService } from '../stack/index.js'
import { packageService, type Service } from '../template/index.js'
import { type ReloadEvent, type SourceWatch, watchSources } from './watch.js'

/** How to run a service that takes what is saved. */
export interface LiveOptions extends ServiceOptions {
  /** Told of the service each time it starts: at first, and when its configuration was packaged again. */
  readonly onStart: (service: RunningService) => void
  readonly onReload: (event: ReloadEvent) => void
  /** A configuration that was saved could not be packaged or started. The service goes on as it is where `stopped` is false. */
  readonly onRefused: (error: Error, stopped: boolean) => void
}

const nothing: Pick<RunningService, 'functions' | 'workers'> = { functions: [], workers: new Map() }

/** A service that takes what is saved while it runs. */
export interface LiveService {
  /** Finishes the batches in flight, then stops everything. */
  stop(): Promise<void>
}

/**
 * Runs the packaged service of a folder on a ground, and has it take what is saved: the sources of a function for its next
 * invocation; serverless.yml by packaging it again and starting its functions and mappings anew, on the same ground, so that
 * topics, offsets and items stay.
 *
 * @throws MillraceError of the parts, when it does not start the first time
 */
export async function startLiveService(ground: Ground, options: LiveOptions): Promise<LiveService> {
  const { serviceDir, onStart, onReload, onRefused } = options
  const stopping = new AbortController()
  const { signal } = stopping
  let running: RunningService | undefined
  let watching: SourceWatch | undefined
  let restarts: Promise<void> = Promise.resolve()

  const start = async (service: Service): Promise<void> => {
    running = await startService(service, ground, options)
    onStart(running)
    watching = await watchSources({ serviceDir, service: running, tell })
  }
  const end = async (): Promise<void> => {
    await watching?.stop()
    await running?.stop()
  }
  const restart = async (): Promise<void> => {
    if (signal.aborted) return
    let stopped = false
    try {
      await packageService(serviceDir, { signal })
      const service = readPackaged(serviceDir)
      stopped = true
      await end()
      await start(service)
    } catch (error) {
      if (signal.aborted) return
      onRefused(asError(error), stopped)
      // What mends it is saved too.
      if (stopped) watching = await watchSources({ serviceDir, service: nothing, tell })
    }
  }
  const tell = (event: ReloadEvent): void => {
    if (signal.aborted) return
    onReload(event)
    if (event.kind === 'configuration') restarts = restarts.then(restart)
  }

  await start(readPackaged(serviceDir))
  return {
    async stop() {
      stopping.abort()
      // A start that is under way is not broken off; what has started is stopped.
      await restarts
      await end()
    },
  }
}
