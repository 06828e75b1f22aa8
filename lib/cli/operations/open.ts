import type { StackFunction } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import { findTarget, type Target } from '../target/index.js'
import { usage } from '../voice.js'
import { type Configuration, type MappingsApi, openMappings } from './lambda.js'
import type { MappingsOptions } from './options.js'

/** What one function reads of one topic, and the mapping that brings it. */
export interface Mapped {
  readonly reads: StackFunction
  /** As Lambda told it when it was looked for; undefined where it has none. */
  readonly configuration: Configuration | undefined
}

/** A mapping that is there. */
export interface Present extends Mapped {
  readonly uuid: string
  readonly configuration: Configuration
}

/** The mappings that are meant, of the stack that is meant. */
export interface Operated {
  readonly target: Target
  readonly api: MappingsApi
  readonly mapped: readonly Mapped[]
}

/**
 * Finds them, for as long as the work takes.
 *
 * @throws MillraceError as `findTarget`; `ML_USAGE` for a name that nothing has; `ML_LAMBDA_FAILED`
 */
export async function withMappings<T>(options: MappingsOptions, work: (operated: Operated) => Promise<T>): Promise<T> {
  const target = await findTarget(options)
  try {
    const functions = chosen(target, options.names ?? [])
    const api = await openMappings(target.mappings)
    try {
      const configurations = await api.find(functions)
      const mapped = functions.map((reads, i) => ({ reads, configuration: configurations[i] }))
      return await work({ target, api, mapped })
    } finally {
      api.close()
    }
  } finally {
    target.close()
  }
}

/** Those of the names; all where none is given. */
function chosen({ place, functions }: Target, names: readonly string[]): readonly StackFunction[] {
  if (functions.length === 0) throw usage(`${place} has no function that reads a topic`)
  const named = names.map((given) => meant(functions, given))
  const unknown = names.find((_, i) => named[i]?.length === 0)
  if (unknown !== undefined) {
    const known = functions.map(({ name, topic }) => `${name} (reads ${topic})`).join(', ')
    throw usage(`${place} has no function or topic ${unknown}; it has ${known}`)
  }
  return names.length === 0 ? functions : functions.filter((one) => named.some((some) => some.includes(one)))
}

/**
 * By function, or `function/topic`, or topic. A topic that has the name of a function is meant only where no function is: who pauses the
 * function `orders` does not pause another one that reads the topic `orders` too.
 */
function meant(functions: readonly StackFunction[], given: string): readonly StackFunction[] {
  const byFunction = functions.filter(({ name, deployed, topic }) =>
    [name, deployed].some((itself) => given === itself || given === `${itself}/${topic}`),
  )
  return byFunction.length > 0 ? byFunction : functions.filter(({ topic }) => topic === given)
}

/** All of them, where none is missing. @throws MillraceError `ML_MAPPING_MISSING` */
export function allPresent({ mapped, target }: Operated): readonly Present[] {
  return mapped.map(({ reads, configuration }) => {
    const uuid = configuration?.UUID
    if (configuration && uuid) return { reads, configuration, uuid }
    throw new MillraceError(
      'ML_MAPPING_MISSING',
      `Lambda has no mapping of ${reads.topic} to ${reads.deployed}, though ${target.place} says so; deploy again, or name others`,
    )
  })
}

/** For people. */
export const nameOf = ({ name, topic }: StackFunction): string => `${name} (${topic})`
