import type { SASLOptions } from 'kafkajs'
import { MillraceError, show } from '../errors.js'

/** How the client says who it is. */
export type SaslOptions =
  | {
      /** `plain` only with TLS: it shows the password. */
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | {
      /** MSK IAM, by the function's role. Needs the package `aws-msk-iam-sasl-signer-js`. */
      readonly mechanism: 'aws'
      /** Default: `AWS_REGION`. */
      readonly region?: string
    }
  | {
      readonly mechanism: 'oauthbearer'
      /** Gives a token whenever a connection needs one. */
      readonly token: () => string | Promise<string>
    }

/** As kafkajs takes it. */
export type KafkajsSasl = SASLOptions

/** @throws MillraceError `ML_OPTION_INVALID` */
export function saslOf(sasl: SaslOptions): KafkajsSasl {
  switch (sasl.mechanism) {
    case 'plain':
    case 'scram-sha-256':
    case 'scram-sha-512': {
      const { mechanism, username, password } = sasl
      // Nothing of the password may get into a message.
      if (typeof username === 'string' && typeof password === 'string' && username !== '') {
        return { mechanism, username, password } as SASLOptions
      }
      throw invalid(`${mechanism} needs a username and a password, both texts`)
    }
    case 'aws': {
      const { region = process.env.AWS_REGION } = sasl
      if (!region) throw invalid('aws needs a region; name it, or set AWS_REGION')
      return bearer(() => mskToken(region))
    }
    case 'oauthbearer':
      if (typeof sasl.token !== 'function') throw invalid('oauthbearer needs token, a function that gives one')
      return bearer(async () => sasl.token())
    default:
      throw invalid(
        `knows no mechanism ${show((sasl as { mechanism?: unknown }).mechanism)}; take 'plain', 'scram-sha-256', ` +
          "'scram-sha-512', 'aws' or 'oauthbearer'",
      )
  }
}

const bearer = (token: () => Promise<string>): KafkajsSasl => ({
  mechanism: 'oauthbearer',
  oauthBearerProvider: async () => ({ value: await token() }),
})

/** Only here, so that those who do not use MSK IAM need not have the package. */
async function mskToken(region: string): Promise<string> {
  const signer = await import('aws-msk-iam-sasl-signer-js').catch((cause: unknown) => {
    throw new MillraceError(
      'ML_KAFKA_SIGNER_MISSING',
      "sasl with the mechanism 'aws' needs the package aws-msk-iam-sasl-signer-js; run `npm install aws-msk-iam-sasl-signer-js`",
      { cause },
    )
  })
  const { token } = await signer.generateAuthToken({ region })
  return token
}

const invalid = (what: string) => new MillraceError('ML_OPTION_INVALID', `the option sasl ${what}`)
