/** The CloudWatch namespace of all that the framework measures itself. */
export const metricNamespace = 'millrace'
