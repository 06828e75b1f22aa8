import { Argument, type Command as Commander, InvalidArgumentError } from 'commander'

/** What `millrace new` takes. */
export interface NewOptions {
  readonly name: string
  /** What package.json says of millrace. */
  readonly millrace?: string
}

/** osls takes this and no other name of a service; the limit leaves room for what AWS names after it: 64 characters for all. */
const serviceName = /^[a-zA-Z][0-9a-zA-Z-]{1,31}$/

export const withNewOptions = (command: Commander): Commander =>
  command
    .addArgument(new Argument('<name>', 'of the service, and of the folder').argParser(nameOf))
    .option('--millrace <spec>', 'the millrace to depend on: a version, a tarball or a folder (default: this one)')

function nameOf(text: string): string {
  if (serviceName.test(text)) return text
  throw new InvalidArgumentError('a service is named by 2 to 32 letters, digits and dashes, a letter first.')
}
