import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: {
      'millrace/health': here('./lib/health/index.ts'),
      'millrace/kafka': here('./lib/kafka/index.ts'),
      'millrace/sinks': here('./lib/sink/targets/index.ts'),
      'millrace/sqs': here('./lib/sink/sqs/index.ts'),
      'millrace/testing': here('./lib/testing/index.ts'),
      millrace: here('./lib/index.ts'),
    },
  },
  test: {
    include: ['{lib,functions,infra,start,crash,tools}/**/*.test.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', AWS_EC2_METADATA_DISABLED: 'true' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
