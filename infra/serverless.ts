import type { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import type { EventSettings } from './events/index.js'
import type { FunctionSettings, ServiceSettings } from './settings/index.js'

export type { EventSettings }

/**
 * The part of osls that the plugin touches. The package ships types for configuration files only, so this is what was
 * read in its source (4.3.1) and is held to it by the tests, which run the real thing.
 */
export interface Serverless {
  readonly service: Service
  readonly serviceDir: string
  readonly configSchemaHandler: ConfigSchemaHandler
  readonly processedInput: { readonly commands: readonly string[]; readonly options: Readonly<Record<string, unknown>> }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
  getProvider(name: 'aws'): Provider
}

export interface Service {
  readonly service: string
  readonly custom?: { readonly millrace?: ServiceSettings }
  readonly plugins?: readonly string[] | { readonly modules: readonly string[] }
  readonly functions?: Readonly<Record<string, ServiceFunction>>
  readonly resources?: { readonly Resources?: Readonly<Record<string, Resource>> }
  readonly package?: { readonly artifact?: string }
  readonly provider: {
    readonly name: string
    readonly region?: string
    readonly runtime?: string
    /** The network of all functions that say nothing else. */
    readonly vpc?: object
    /** Seconds. */
    readonly timeout?: number
    readonly environment?: Environment
    readonly logRetentionInDays?: number
    readonly logs?: { readonly lambda?: { readonly logGroup?: string } }
    /** A role that is there already, or what is said of the one that osls writes. */
    readonly iam?: { readonly role?: string | SharedRole }
    /** osls' older spelling of what `iam.role` says. */
    readonly iamRoleStatements?: readonly object[]
    readonly iamManagedPolicies?: readonly unknown[]
    readonly rolePermissionsBoundary?: unknown
    /** Only while packaging. */
    readonly compiledCloudFormationTemplate?: {
      readonly Resources: Record<string, Resource>
      Outputs?: Record<string, object>
    }
  }
}

/** `provider.iam.role`: of the role that functions share which have none of their own. */
export interface SharedRole {
  readonly statements?: readonly object[]
  readonly managedPolicies?: readonly unknown[]
  readonly permissionsBoundary?: unknown
  readonly permissionBoundary?: unknown
  readonly tags?: Readonly<Record<string, string>>
}

export interface ServiceFunction {
  readonly handler?: string
  /** Seconds. */
  readonly timeout?: number
  readonly package?: { readonly artifact?: string }
  /** As it is deployed; osls sets it. */
  readonly name?: string
  environment?: Environment
  /** A logical id, an ARN or a CloudFormation function. */
  role?: unknown
  /** CloudFormation's, under which it is deployed at all. */
  readonly condition?: string
  readonly destinations?: object
  readonly durableConfig?: object
  readonly disableLogs?: boolean
  readonly logs?: { readonly logGroup?: string }
  /** Days. */
  logRetentionInDays?: number
  readonly millrace?: FunctionSettings
  readonly events?: readonly { kafka?: EventSettings; readonly msk?: EventSettings }[]
}

export type Environment = Record<string, unknown>

/** A CloudFormation resource. */
export interface Resource {
  readonly Type: string
  readonly Properties?: Record<string, unknown>
  readonly [attribute: string]: unknown
}

export interface Provider {
  getStage(): string
  /** The role that serverless.yml names for a function; undefined where osls writes one. */
  getCustomExecutionRole(declared: ServiceFunction): unknown
  /** For clients of the SDK: credentials and region as osls has them. */
  getAwsSdkV3Config(): Promise<object>
  getCloudFormationClient(): Promise<Pick<CloudFormationClient, 'send'>>
  readonly naming: Naming
}

export interface Naming {
  getLambdaLogicalId(functionName: string): string
  getLogGroupName(deployedName: string): string
  getRoleLogicalId(): string
  getRolePath(): string
  getStackName(): string
  getKafkaEventLogicalId(functionName: string, topic: string): string
  getMSKEventLogicalId(functionName: string, cluster: string, topic: string): string
}

export interface ConfigSchemaHandler {
  /** The whole JSON schema of serverless.yml. */
  readonly schema: unknown
  defineCustomProperties(schema: { properties: object }): void
  defineFunctionProperties(provider: 'aws', schema: { properties: object }): void
  defineFunctionEventProperties(provider: 'aws', event: 'kafka' | 'msk', schema: { properties: object }): void
}

/** What osls hands to a plugin for its output. */
export interface PluginUtils {
  readonly log: { warning(text: string): void; notice(text: string): void }
}
