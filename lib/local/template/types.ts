import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import type { MappingConfig } from '../esm/index.js'

/** One function as it deploys. */
export interface FunctionConfig {
  /** Logical id of the resource. */
  readonly id: string
  /** As in serverless.yml, for example `orders`. */
  readonly key: string
  /** As deployed, for example `shop-dev-orders`. */
  readonly name: string
  /** For example `functions/orders/handler.handler`. */
  readonly handler: string
  readonly timeoutMs: number
  readonly memoryMb: number
  /** `reservedConcurrency` of serverless.yml, where it is set. */
  readonly concurrency?: number
  readonly environment: Readonly<Record<string, string>>
  /** The zip with its code, absolute. */
  readonly zip: string
}

/** A packaged service. */
export interface Service {
  /** As in serverless.yml. */
  readonly name: string
  readonly functions: readonly FunctionConfig[]
  readonly mappings: readonly MappingConfig[]
  readonly tables: readonly CreateTableCommandInput[]
}

/** One resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string
  readonly Properties?: Readonly<Record<string, unknown>>
}

/** What is used of a CloudFormation template. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown }>>
}
