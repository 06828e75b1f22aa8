import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { root } from '../../../tools/project.js'
import { functions, msk, referred } from '../../events/every-mapping.fixture.js'
import type { Check } from '../checklist.js'
import { serverless, succeeded } from '../program.js'

import { region } from './clients.js'
import type { Home } from './home.js'
import { once } from './once.js'

/** A service that is packaged once, offline, and then looked at. */
export interface Packaged {
  readonly folder: string
  readonly template: string
}

export const exampleNames = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** A check whose service others look at, too. */
export interface Packaging extends Check {
  /** `the project`, `every mapping`, or the name of an example. */
  readonly about: string
  service(): Promise<Packaged>
}

/** The project's own service, one with every kind of mapping, and the examples. */
export function packaging(home: Home): readonly Packaging[] {
  const all: Readonly<Record<string, () => Promise<string>>> = {
    'the project': () => home.project(),
    'every mapping': () => home.service('every-mapping', everyMapping()),
    ...Object.fromEntries(exampleNames.map((name) => [name, () => home.copy(name, `examples/${name}`)])),
  }
  return Object.entries(all).map(([about, make]) => {
    const service = once(async () => {
      const folder = await make()
      succeeded(await serverless(folder, ['package']))
      return { folder, template: join(folder, '.serverless/cloudformation-template-update-stack.json') }
    })
    return { about, service, name: `${about}: packages without credentials`, run: async () => void (await service()) }
  })
}

function everyMapping(): Readonly<Record<string, string>> {
  // To which cluster this role signs in, the event does not say.
  const iamStatements = [{ Effect: 'Allow', Action: ['kafka-cluster:*'], Resource: [msk.arn] }]
  const declared = Object.entries(functions).map(([name, events]) => [
    name,
    { handler: 'handler.handler', events, ...(name === 'role' && { millrace: { iamStatements } }) },
  ])
  return {
    'handler.js': 'exports.handler = async () => {}\n',
    'serverless.yml': stringify({
      service: 'every-mapping',
      plugins: ['millrace/plugin'],
      provider: { name: 'aws', runtime: 'nodejs22.x', region },
      functions: Object.fromEntries(declared),
      resources: { Resources: referred },
    }),
  }
}
