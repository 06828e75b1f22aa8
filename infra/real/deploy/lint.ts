import { deepEqual } from 'node:assert/strict'
import { root } from '../../../tools/project.js'
import type { Check } from '../checklist.js'
import type { Python } from '../moto/index.js'
import { cleanEnvironment, run } from '../program.js'
import { region } from './clients.js'
import { once } from './once.js'
import type { Packaging } from './packaged.js'

/** A finding of cfn-lint that is none: what AWS has and cfn-lint 1.51 does not know yet. */
interface Allowed {
  readonly rule: string
  /** Of the finding's text and its place in the template. */
  readonly says: RegExp
  readonly why: string
}

/** Ways to sign in that Lambda has since October 2026 (KAFKA-ESM §5, `SourceAccessType` of the SDK from 3.1148). */
const newAccessTypes = [
  'IAM_AUTH',
  'IAM_OAUTHBEARER_AUTH',
  'OAUTHBEARER_AUTH',
  'OAUTHBEARER_SCOPE',
  'OAUTHBEARER_AUDIENCE',
  'OAUTHBEARER_LOGICAL_CLUSTER',
  'OAUTHBEARER_IDENTITY_POOL',
]

const allowed: readonly Allowed[] = newAccessTypes.map((type) => ({
  rule: 'E3030',
  says: new RegExp(`/SourceAccessConfigurations/\\d+/Type: '${type}' is not one of `),
  why: 'newer than the schema of this cfn-lint',
}))

/** cfn-lint, on each template; all of them in one run of it, which takes seconds to start. */
export function linting(services: readonly Packaging[], python: Python): readonly Check[] {
  const all = once(() => lint(services, python))
  const used = new Set<Allowed>()
  const isAllowed = (finding: Finding): boolean => {
    const allowance = allowed.find(({ rule, says }) => rule === finding.rule && says.test(finding.text))
    if (allowance) used.add(allowance)
    return allowance !== undefined
  }
  return [
    ...services.map(({ about, service }) => ({
      name: `${about}: cfn-lint finds nothing`,
      async run() {
        const { template } = await service()
        const own = (await all()).filter(({ file }) => file === template)
        const left = own.filter((finding) => !isAllowed(finding))
        deepEqual(
          left.map(({ rule, text }) => `${rule} ${text}`),
          [],
        )
        return own.length > 0 ? `${own.length} that are allowed` : undefined
      },
    })),
    {
      name: 'nothing is allowed that cfn-lint does not find any more',
      run: async () =>
        deepEqual(
          allowed.filter((one) => !used.has(one)),
          [],
        ),
    },
  ]
}

interface Finding {
  readonly rule: string
  readonly file: string
  readonly text: string
}

async function lint(services: readonly Packaging[], { cfnLint }: Python): Promise<readonly Finding[]> {
  const templates = await Promise.allSettled(services.map(({ service }) => service()))
  const paths = templates.flatMap((one) => (one.status === 'fulfilled' ? [one.value.template] : []))
  const args = ['--format', 'json', '--regions', region, '--template', ...paths]
  // Its exit code says of which kinds the findings are; the findings say so themselves.
  const { stdout, output } = await run(cfnLint, args, { cwd: root, env: cleanEnvironment(root) })
  return (parsed(stdout, output) as Raw[]).map(({ Rule, Filename, Message, Location }) => ({
    rule: Rule.Id,
    file: Filename,
    text: `${Location.Path?.join('/') ?? ''}: ${Message}`,
  }))
}

interface Raw {
  readonly Rule: { readonly Id: string }
  readonly Filename: string
  readonly Message: string
  readonly Location: { readonly Path?: readonly (string | number)[] }
}

function parsed(stdout: string, output: string): unknown {
  try {
    return JSON.parse(stdout)
  } catch (cause) {
    throw new Error(`cfn-lint answered no JSON: ${output.slice(-1_500)}`, { cause })
  }
}
