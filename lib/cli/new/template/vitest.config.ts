import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    env: {
      // What a function logs and counts is for CloudWatch.
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      POWERTOOLS_METRICS_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  },
})
