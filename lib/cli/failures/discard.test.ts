import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../clock.js'
import { millrace } from '../cli.fixture.js'
import { type Ground, run, startGround } from './failures.fixture.js'
import { commands } from './index.js'
import { type Listed, openFailures } from './table.js'

let ground: Ground
beforeAll(async () => {
  ground = await startGround()
})
afterEach(() => ground.clear())
afterAll(() => ground.stop())

const discard = (options: object = {}) => run(commands.discard, { ...ground.options, ids: [], yes: true, ...options })
const specs = [
  { value: 'a', offset: 1 },
  { value: Buffer.alloc(800_000), offset: 2 },
  { value: 'c', offset: 3 },
]

describe('millrace failures discard', () => {
  it('deletes what is meant, pieces and all', async () => {
    await ground.give('orders', specs)
    const { code, of } = await discard({ ids: ['orders:0:2', 'orders:0:3'] })
    expect([code, of('discarded')]).toMatchObject([0, [{ discarded: 2, refused: 0, left: 0 }]])
    expect(await ground.left()).toEqual(['0000000000000001'])
    expect((await discard()).of('discarded')).toMatchObject([{ discarded: 1 }])
    expect(await ground.left()).toEqual([])
  })

  it('deletes what cannot be read, too', async () => {
    await ground.give('orders', specs.slice(0, 1))
    const key = { pk: { S: 'g#orders#0' }, sk: { S: '0000000000000001@1700000000001' } }
    await ground.client.send(
      new UpdateItemCommand({ TableName: ground.table, Key: key, UpdateExpression: 'REMOVE lastSeen, reason' }),
    )
    expect((await discard({ ids: ['orders:0:1'] })).code).toBe(0)
    expect(await ground.left()).toEqual([])
  })

  it('in a dry run says what it would delete, and deletes nothing', async () => {
    await ground.give('orders', specs)
    const { code, of } = await discard({ dryRun: true, yes: false })
    expect([code, of('would').length]).toEqual([0, 3])
    expect((await ground.left()).filter((sk) => !sk.includes('#'))).toHaveLength(3)
  })

  it('asks, unless each is named; where nobody can be asked it wants --yes', async () => {
    await ground.give('orders', specs.slice(0, 1))
    await expect(discard({ topic: 'orders', yes: false })).rejects.toThrow(/^ML_USAGE: Delete 1 envelope .*--yes/)
    expect(await ground.left()).toHaveLength(1)
    expect((await discard({ ids: ['orders:0:1'], yes: false })).code).toBe(0)
    expect(await ground.left()).toEqual([])
  })

  it('and redrive ask which group is meant where several gave up what is named', async () => {
    await ground.give('orders', specs.slice(0, 1))
    await ground.give('orders', specs.slice(0, 1), {}, 'audit')
    const ids = ['orders:0:1']
    const refused = /^ML_USAGE: orders:0:1 .*several groups \(audit, g\).*--group/
    await expect(discard({ ids })).rejects.toThrow(refused)
    await expect(run(commands.redrive, { ...ground.options, ids })).rejects.toThrow(refused)
    expect(await ground.left()).toHaveLength(2)
    const dry = await discard({ ids, group: 'audit', dryRun: true })
    expect(dry.text).toContain('would discard orders:0:1 of audit')
    expect(dry.of('would')).toMatchObject([{ group: 'audit' }])
    expect((await discard({ ids, group: 'audit' })).of('discarded')).toMatchObject([{ discarded: 1 }])
  })

  it('and redrive say on stderr that nothing matches what is mistyped', async () => {
    const said: unknown[] = []
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(text) > 0)
    try {
      expect((await discard({ topic: 'oders' })).code).toBe(0)
      expect((await run(commands.redrive, { ...ground.options, ids: [], topic: 'oders' })).code).toBe(0)
      await discard()
    } finally {
      write.mockRestore()
    }
    expect(said.map(String)).toEqual(Array(2).fill(expect.stringMatching(/^nothing matches: test-failures /)))
  })

  it('leaves what was written anew since it was listed, and what a redrive has in hand', async () => {
    await ground.give('orders', specs)
    const table = openFailures(ground.client, ground.table, systemClock)
    const listed: Listed[] = []
    for await (const one of table.list()) listed.push(one)
    await ground.give('orders', specs.slice(0, 1), { lastSeen: 9 })
    expect(await Promise.all(listed.map((one) => table.claim(one, 'me', Date.now() + 60_000)))).toMatchObject([
      undefined,
      { offset: { N: '2' } },
      { offset: { N: '3' } },
    ])
    const { code, of } = await discard()
    expect([code, of('discarded'), of('refused').length]).toMatchObject([1, [{ discarded: 1, refused: 2 }], 2])
  })
})

describe('the command line', () => {
  it('ends with 1 where something is there or was refused, 0 where nothing is, and 2 when used wrongly', async () => {
    await ground.give('nowhere', specs.slice(0, 1))
    const { failuresTable, endpoint, brokers } = ground.options
    const on = ['--failures-table', failuresTable, '--endpoint', endpoint]
    const ended = async (...args: string[]) => {
      const { ended, output } = millrace(['failures', ...args], '.')
      return { code: await ended, ...output }
    }
    const all = await Promise.all([
      ended('list', ...on),
      ended('list', ...on, '--topic', 'none', '--json'),
      ended('redrive', ...on, '--brokers', brokers, '--yes'),
      ended('redrive', ...on, '--rate', '0'),
      ended('show'),
      ended(),
    ])
    expect(all.map(({ code }) => code)).toEqual([1, 0, 1, 2, 2, 2])
    expect(all[0]?.stdout).toMatch(/^ID .*\nnowhere:0:1 /)
    expect(JSON.parse(all[1]?.stdout ?? '')).toMatchObject({ event: 'listed', count: 0 })
    expect(all[2]?.stdout).toMatch(
      /refused nowhere:0:1 of g: ML_LOCAL_TOPIC_MISSING: .*\nredrove 0 records, refused 1\n$/,
    )
    expect(all[3]?.stderr).toMatch(/^ML_USAGE: .*above 0.*`millrace failures redrive --help`/)
    expect(all[4]?.stderr).toMatch(/^ML_USAGE: missing required argument 'id'; see `millrace failures show --help`/)
    expect(all[5]?.stderr).toMatch(/^ML_USAGE: give a command; `millrace failures --help` lists them/m)
  })
})
