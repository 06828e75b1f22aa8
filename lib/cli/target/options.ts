import type { Command as Commander } from 'commander'

/** Which stack a command works on. */
export interface TargetOptions extends StackOptions {
  /** Name of the ledger table: with it, or the other, no stack is looked for. */
  readonly ledgerTable?: string
  /** Name of the failures table. */
  readonly failuresTable?: string
  /** URL of DynamoDB. */
  readonly endpoint?: string
}

/** Which stack, where only one that runs or is deployed will do. */
export interface StackOptions {
  /** Host and port each, joined by commas. */
  readonly brokers?: string
  /** Stage of the deployed service: without it or `stack`, only what runs locally is looked at. */
  readonly stage?: string
  readonly region?: string
  /** Name of the CloudFormation stack, in place of serverless.yml's. */
  readonly stack?: string
}

const withStack = (command: Commander): Commander =>
  command
    .option(
      '--stage <stage>',
      'the service of this folder as deployed to this stage (default: the one that runs locally)',
    )
    .option('--region <region>', 'AWS region of the stack (default: that of serverless.yml)')
    .option('--stack <name>', 'a CloudFormation stack by its name')

const withBrokers = (command: Commander): Commander =>
  command.option(
    '--brokers <list>',
    'host:port, joined by commas, of Kafka (default: KAFKA_BROKERS, or those of the stack)',
  )

/** Says how a command is told which stack it works on, where tables alone will not do. */
export const withStackOptions = (command: Commander): Commander => withBrokers(withStack(command))

/** Says how a command is told which stack it works on. */
export const withTargetOptions = (command: Commander): Commander =>
  withBrokers(
    withStack(command)
      .option('--ledger-table <name>', 'a ledger table by its name, without a stack')
      .option('--failures-table <name>', 'a failures table by its name, without a stack')
      .option('--endpoint <url>', 'URL of DynamoDB, where it is not the one of AWS'),
  )
