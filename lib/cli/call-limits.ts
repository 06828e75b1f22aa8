/** How long a call of AWS may take, in milliseconds: a command is bounded, whatever answers. Without the last, a late answer is only warned of. */
export const callLimits = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true } as const
