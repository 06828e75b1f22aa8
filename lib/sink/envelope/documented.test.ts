import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromJson, jsonOf } from './index.js'

const page = readFileSync(new URL('../../../docs/envelope.md', import.meta.url), 'utf8')
const fence = (language: string): string => new RegExp(`\`\`\`${language}\\n(.*?)\n\`\`\``, 's').exec(page)?.[1] ?? ''
const example = JSON.parse(fence('json'))

describe('docs/envelope.md', () => {
  it('shows an envelope as it is written [P-07]', () => {
    expect(jsonOf(fromJson(example))).toEqual(example)
    for (const field of Object.keys(example)) expect(page).toMatch(new RegExp(`^\\| .*\`${field}\``, 'm'))
  })

  const readers: [string, string, string[]][] = [['Node', process.execPath, ['--input-type=module', '-e', fence('js')]]]
  // Python is on most machines, and no part of this project.
  const python = spawnSync('python3', ['--version']).status === 0
  if (python) readers.push(['Python', 'python3', ['-c', fence('python')]])

  it.each(
    readers,
  )('shows how %s reads it without this framework, and finds what was changed [P-08]', (_, command, args) => {
    const read = (envelope: object) => spawnSync(command, args, { input: JSON.stringify(envelope), encoding: 'utf8' })
    expect(read(example)).toMatchObject({ status: 0, stdout: 'orders:2:1042 exhausted {"cents":100}\n' })
    for (const change of [{ key: null }, { value: 'eyJjZW50cyI6OTAwfQ==' }, { headers: [['empty', '']] }]) {
      const refused = read({ ...example, ...change })
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('changed after it was written')])
    }
  })
})
