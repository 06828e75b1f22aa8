/** As deployed. */
export const functionName = (): string => process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'local'

/** Powertools would say "service_undefined". */
export const serviceName = (): string => process.env.POWERTOOLS_SERVICE_NAME ?? functionName()

/** What tells the metrics of one function from others'. A service's name alone would not: all its stages have the same. */
export const functionDimensions = () => ({ service: serviceName(), function: functionName() })
