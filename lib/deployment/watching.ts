/** The CloudWatch namespace of all that the framework measures itself. */
export const metricNamespace = 'millrace'

/** What the name of each alarm of a stack begins with: the command line finds them by it. */
export const alarmPrefix = (service: string, stage: string): string => `${service}-${stage}-`
