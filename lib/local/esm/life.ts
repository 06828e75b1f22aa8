import { asError } from '../../errors.js'

/** What a mapping does, in Lambda's words. */
export type MappingState = 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Deleting'

/** A mapping that can be switched off and on again. */
export interface MappingLife {
  readonly state: MappingState
  /** Since when, in epoch milliseconds. */
  readonly since: number
  /** Why it could not be enabled, the last time. */
  readonly refusal: Error | undefined
  /** Reads again, from what the group has committed. Resolves when it is so, also where it was. @throws MillraceError as `startMapping` */
  enable(): Promise<void>
  /** Reads no more: finishes the batches in flight, commits what is settled, leaves the group. Resolves when that is done. */
  disable(): Promise<void>
  /** Ends it for good. Calling it again waits for the same end. */
  stop(): Promise<void>
}

/** What the life of a mapping is made of. */
interface Work {
  start(): Promise<void>
  /** Stops what has started, also half of it. */
  stop(): Promise<void>
  /** Once, after all else. */
  close(): Promise<void>
}

/** A life that begins disabled. One turn after another: a mapping that is being enabled is disabled after that. */
export function lifeOf({ start, stop, close }: Work, now: () => number = Date.now): MappingLife {
  const life = { state: 'Disabled' as MappingState, since: now(), refusal: undefined as Error | undefined }
  let turns: Promise<unknown> = Promise.resolve()
  let ended: Promise<void> | undefined

  const become = (state: MappingState): void => {
    if (life.state !== 'Deleting') Object.assign(life, { state, since: now() })
  }
  const turnOn = async (): Promise<void> => {
    if (life.state !== 'Disabled') return
    become('Enabling')
    try {
      await start()
      Object.assign(life, { refusal: undefined })
      become('Enabled')
    } catch (error) {
      Object.assign(life, { refusal: asError(error) })
      await stop().finally(() => become('Disabled'))
      throw error
    }
  }
  const turnOff = async (): Promise<void> => {
    if (life.state !== 'Enabled') return
    become('Disabling')
    // Also where that fails: what is left Disabling could never be switched again.
    await stop().finally(() => become('Disabled'))
  }
  const next = (turn: () => Promise<void>): Promise<void> => {
    const done = turns.then(turn)
    turns = done.catch(() => undefined)
    return done
  }
  const end = async (): Promise<void> => {
    become('Deleting')
    await turns
    await stop()
    await close()
  }
  return {
    get state() {
      return life.state
    },
    get since() {
      return life.since
    },
    get refusal() {
      return life.refusal
    },
    enable: () => next(turnOn),
    disable: () => next(turnOff),
    stop: () => {
      ended ??= end()
      return ended
    },
  }
}
