import type { Command as Commander } from 'commander'

/** What `millrace bundle` takes. */
export interface BundleOptions {
  /** As in serverless.yml. Undefined: all of them. */
  readonly function?: string
  /** False with `--no-package`. */
  readonly package: boolean
}

/** Says what `millrace bundle` takes. */
export const withBundleOptions = (command: Commander): Commander =>
  command
    .argument('[function]', 'this function only')
    .option('--no-package', 'look at what is packaged already')
    .addHelpText(
      'after',
      '\nNeeds no network and no credentials. Ends with 0, 1 where a function is over its budget, 2 when used wrongly.',
    )
