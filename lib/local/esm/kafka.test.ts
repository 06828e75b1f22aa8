import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { quietKafkajs } from './index.js'

it("keeps one warning of kafkajs out of sight, and no one else's, nor any other of its own", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-warning-'))
  await mkdir(join(dir, 'kafkajs'))
  const source = 'module.exports = (type) => process.emitWarning("of kafkajs", type)'
  await writeFile(join(dir, 'kafkajs/index.js'), source)
  const warn = createRequire(join(dir, '/'))('./kafkajs') as (type: string) => void
  const seen: string[] = []
  const listener = ({ name, message }: Error) => void seen.push(`${name}: ${message}`)
  process.on('warning', listener)
  quietKafkajs()
  warn('TimeoutNegativeWarning')
  warn('OtherWarning')
  process.emitWarning('of mine', 'TimeoutNegativeWarning')
  await vi.waitFor(() => expect(seen).toHaveLength(2))
  process.off('warning', listener)
  await rm(dir, { recursive: true })
  expect(seen).toEqual(['OtherWarning: of kafkajs', 'TimeoutNegativeWarning: of mine'])
})
