import { scram } from './scram.js'

/** Whom a broker lets in. */
export interface SaslSettings {
  /** Passwords by user: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly users: Readonly<Record<string, string>>
  /** Whether a token is good: OAUTHBEARER. Default: none is. */
  readonly isToken?: (token: string) => boolean
}

/** Answers the messages of one authentication in turn; undefined refuses it. */
export type Exchange = (message: Buffer) => { readonly answer: Buffer; readonly isDone: boolean } | undefined

const mechanisms: Readonly<Record<string, (settings: SaslSettings) => Exchange>> = {
  PLAIN: ({ users }) => {
    return (message) => {
      const [, user = '', password] = message.toString().split('\0')
      return passwordOf(users, user) === password && password !== undefined ? done : undefined
    }
  },
  'SCRAM-SHA-256': ({ users }) => scram('sha256', (user) => passwordOf(users, user)),
  'SCRAM-SHA-512': ({ users }) => scram('sha512', (user) => passwordOf(users, user)),
  OAUTHBEARER: ({ isToken = () => false }) => {
    return (message) => {
      const [start = '', bearer = ''] = message.toString().split('\u0001')
      const token = /^auth=Bearer (.+)$/.exec(bearer)?.[1]
      return /^n,[^,]*,$/.test(start) && token !== undefined && isToken(token) ? done : undefined
    }
  },
}

const done = { answer: Buffer.alloc(0), isDone: true }

/** Names as `constructor` are no users. */
const passwordOf = (users: Readonly<Record<string, string>>, user: string): string | undefined =>
  Object.hasOwn(users, user) ? users[user] : undefined

/** Who the client of one connection is, and what it may ask until that is known. */
export class Session {
  readonly #settings: SaslSettings | undefined
  #exchange: Exchange | undefined
  #isKnown: boolean

  constructor(settings: SaslSettings | undefined) {
    this.#settings = settings
    this.#isKnown = settings === undefined
  }

  /** Whether it may ask for anything else than to be let in. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** Empty where nobody has to say who they are. */
  get mechanisms(): readonly string[] {
    return this.#settings === undefined ? [] : Object.keys(mechanisms)
  }

  /** Begins to authenticate by a mechanism; false for one that is not served. */
  begin(mechanism: string): boolean {
    const start = Object.hasOwn(mechanisms, mechanism) ? mechanisms[mechanism] : undefined
    if (this.#settings === undefined || start === undefined) return false
    this.#exchange = start(this.#settings)
    return true
  }

  /** The answer to the client's next message; undefined where it is refused, or has not begun. */
  next(message: Buffer): Buffer | undefined {
    const step = this.#exchange?.(message)
    if (step === undefined || step.isDone) this.#exchange = undefined
    // One that was let in before, and fails to renew that, is let out.
    if (this.#settings !== undefined && step?.isDone !== false) this.#isKnown = step !== undefined
    return step?.answer
  }
}
