/**
 * The serverless plugin: `plugins: [millrace/plugin]`. It completes the `kafka` and `msk` events, adds the framework's
 * tables and permissions, and tells each function what its mappings are.
 *
 * @module
 */
import { MillraceError } from '../lib/errors.js'
import { addAlarms } from './alarms/index.js'
import { checkSizes } from './bundle/index.js'
import { checkService, codeOf, noteRefusal, noteWarning, reportFindings } from './checks/index.js'
import { addDashboard } from './dashboard/index.js'
import {
  type DeclaredMapping,
  declaredMappings,
  deployedResources,
  extendEventSchemas,
  leaveWhatOslsKnows,
  makeLogicalIdsUnique,
  refuseDisagreement,
  refuseTakenGroups,
  setEnvironment,
} from './events/index.js'
import { addHealth, addHealthRole, prepareHealth } from './health/index.js'
import { createLocalTables, type LocalInvocation, localInvocation, localTables, setUp } from './local/index.js'
import { functionsWithTimeout, type Plan, plannedFunctions } from './plan.js'
import {
  addOutputs,
  addRoles,
  addTables,
  completeTemplate,
  prepareFunctions,
  refuseChangedMappings,
  refuseTooLarge,
  type TableNames,
  tableNames,
  tableResources,
  templateResources,
} from './resources/index.js'
import type { Environment, PluginUtils, Serverless } from './serverless.js'
import { extendSettingsSchemas } from './settings/index.js'

/** A class because osls makes an instance of what a plugin module exports by default. */
export default class MillracePlugin {
  /** osls leaves the plugin out of a service of any other provider. */
  readonly provider = 'aws'
  readonly hooks: Readonly<Record<string, () => void | Promise<void>>>
  readonly #serverless: Serverless
  readonly #utils: PluginUtils
  /** As it was before the plugin changed it. */
  readonly #shell: Environment = { ...process.env }
  #mappings: readonly DeclaredMapping[] = []
  #tables: TableNames = tableNames('', '')
  #mappingIds: ReadonlyMap<DeclaredMapping, string> = new Map()
  #withTimeout: ReadonlySet<string> = new Set()

  constructor(serverless: Serverless, _options: unknown, utils: PluginUtils) {
    this.#serverless = serverless
    this.#utils = utils
    extendEventSchemas(serverless.configSchemaHandler)
    extendSettingsSchemas(serverless.configSchemaHandler)
    this.hooks = {
      initialize: this.#explained(() => this.#initialize()),
      'before:package:setupProviderConfiguration': this.#explained(() => this.#beforeRoles()),
      'before:package:compileEvents': this.#explained(() => leaveWhatOslsKnows(this.#serverless.service)),
      'after:package:compileEvents': this.#explained(() => this.#afterEvents()),
      'after:aws:package:finalize:mergeCustomProviderResources': this.#explained(() => this.#check()),
      // Other plugins take resources out of it until here, to stacks of their own.
      'before:aws:package:finalize:saveServiceState': this.#explained(() => this.#checkSize()),
      'before:aws:deploy:deploy:createStack': this.#explained(() => this.#checkDeployed()),
      'after:invoke:local:loadEnvVars': this.#explained(() => this.#beforeLocalInvocation()),
    }
  }

  /** Runs once the configuration is valid, whatever the command. */
  #initialize(): void {
    const { service } = this.#serverless
    const provider = this.#serverless.getProvider('aws')
    this.#mappings = declaredMappings(service)
    this.#withTimeout = functionsWithTimeout(service)
    makeLogicalIdsUnique(provider.naming, this.#mappings)
    this.#tables = tableNames(service.service, provider.getStage())
    setEnvironment(service, this.#mappings, this.#tables)
    addHealth(this.#serverless, this.#mappings, this.#tables, (text) => this.#utils.log.warning(text))
    // Before osls looks for credentials, which it does before it loads the function's environment.
    if (this.#isLocalInvocation()) setUp(this.#localInvocation())
  }

  /** Here, not earlier: `serverless deploy function` would look for the role under `resources`. */
  #beforeRoles(): void {
    const provider = this.#serverless.getProvider('aws')
    prepareFunctions(this.#serverless.service, provider, this.#mappings)
    prepareHealth(this.#serverless.service, provider)
  }

  async #afterEvents(): Promise<void> {
    if (this.#mappings.length === 0) return
    const { service } = this.#serverless
    const provider = this.#serverless.getProvider('aws')
    const resources = templateResources(service)
    this.#mappingIds = completeTemplate(resources, provider.naming, this.#mappings, service.functions)
    const plan = this.#plan(resources)
    const isDeployment = this.#serverless.processedInput.commands.join(' ') === 'deploy'
    await addTables(plan, isDeployment, (text) => this.#utils.log.notice(text))
    addRoles(plan)
    addHealthRole(plan)
    addOutputs(plan)
    addDashboard(plan, addAlarms(plan))
  }

  #plan(resources: Plan['resources']): Plan {
    const { service } = this.#serverless
    const provider = this.#serverless.getProvider('aws')
    return {
      ...{ service, provider, resources, tables: this.#tables, stage: provider.getStage() },
      settings: service.custom?.millrace ?? {},
      functions: plannedFunctions(service, provider, this.#mappingIds, this.#withTimeout),
      warn: (text) => noteWarning(text) || this.#utils.log.warning(text),
    }
  }

  /** Once the template is as it will be deployed, before anything is created by it. */
  async #check(): Promise<void> {
    const plan = this.#plan(templateResources(this.#serverless.service))
    refuseDisagreement(plan.service, plan.provider.naming, plan.resources, this.#mappingIds)
    refuseChangedMappings(plan.resources, this.#mappingIds)
    const { commands } = this.#serverless.processedInput
    const isDeployed = commands.join(' ') === 'deploy' && !isRedirected(this.#shell)
    const findings = await checkService(plan, { codeOf: (name) => codeOf(this.#serverless, name), isDeployed })
    reportFindings(findings, plan.warn)
    await checkSizes(plan, this.#serverless.serviceDir)
  }

  #checkSize(): void {
    const { compiledCloudFormationTemplate: template } = this.#serverless.service.provider
    if (template !== undefined && this.#mappings.length > 0) refuseTooLarge(template)
  }

  async #checkDeployed(): Promise<void> {
    if (this.#mappings.length === 0) return
    const { service } = this.#serverless
    const deployed = await deployedResources(this.#serverless.getProvider('aws'))
    if (typeof deployed !== 'string') return refuseTakenGroups(deployed, templateResources(service))
    this.#utils.log.warning(`whether a new mapping takes the group of a deployed one was not checked: ${deployed}`)
  }

  async #beforeLocalInvocation(): Promise<void> {
    const invocation = this.#localInvocation()
    // Again, because a profile in serverless.yml may have brought credentials meanwhile.
    setUp(invocation)
    const own = this.#mappings.length > 0 ? tableResources(this.#tables) : {}
    const tables = localTables({ ...own, ...this.#serverless.service.resources?.Resources }, (text) =>
      this.#utils.log.warning(text),
    )
    await createLocalTables(invocation.endpoint, tables)
  }

  #isLocalInvocation(): boolean {
    return this.#serverless.processedInput.commands.join(' ') === 'invoke local'
  }

  /** By what the function will find in its environment: the shell's, the service's, its own, and `--env`. */
  #localInvocation(): LocalInvocation {
    const { service, processedInput } = this.#serverless
    const own = service.functions?.[String(processedInput.options.function)]?.environment
    return localInvocation({ ...this.#shell, ...service.provider.environment, ...own, ...options(processedInput) })
  }

  /** osls prints a stack trace for any error that is not its own, but these are answers to the person's configuration. */
  #explained(hook: () => void | Promise<void>): () => Promise<void> {
    return async () => {
      try {
        await hook()
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error
        noteRefusal(error)
        const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : ''
        throw new this.#serverless.classes.Error(`${error.message}${cause}`, error.code)
      }
    }
  }
}

/** What is deployed goes to something that stands in for AWS. */
const isRedirected = (shell: Environment): boolean =>
  ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_CLOUDFORMATION', 'AWS_ENDPOINT_URL_LAMBDA'].some((name) => shell[name])

/** The variables given as `--env NAME=value`, once or several times. */
function options({ options: { env = [] } }: Serverless['processedInput']): Environment {
  return Object.fromEntries(
    [env].flat().map((text) => {
      const [name = '', ...value] = String(text).split('=')
      return [name, value.join('=')]
    }),
  )
}
