import { expect, it } from 'vitest'
import { sqsSink } from './sqs/index.js'
import { consoleSink, dynamodbSink, httpSink } from './targets/index.js'

type Call = (options?: unknown) => unknown
const [http, dynamodb, sqs, shown] = [httpSink, dynamodbSink, sqsSink, consoleSink] as unknown as Call[]

it.each<[string, () => unknown, RegExp]>([
  ['httpSink()', () => http?.(), /the options of httpSink are undefined; write httpSink\(\{ url: /],
  ['httpSink({})', () => http?.({}), /url of httpSink is undefined, not an http/],
  ['httpSink(url)', () => http?.('https://a.example'), /the options of httpSink are a string; write/],
  [
    'httpSink({ ulr })',
    () => http?.({ ulr: 'https://a.example' }),
    /ulr is no option of httpSink; there are url, batch/,
  ],
  ['dynamodbSink()', () => dynamodb?.(), /the options of dynamodbSink are undefined/],
  ['dynamodbSink({})', () => dynamodb?.({}), /table of dynamodbSink is undefined; write dynamodbSink\(\{ table: /],
  [
    'dynamodbSink({ item })',
    () => dynamodb?.({ table: 't', item: {} }),
    /item of dynamodbSink is an object, not a func/,
  ],
  ['sqsSink()', () => sqs?.(), /the options of sqsSink are undefined; write sqsSink\(\{ queueUrl: /],
  ['sqsSink({})', () => sqs?.({}), /queueUrl of sqsSink is undefined; write/],
  ['consoleSink(true)', () => shown?.(true), /the options of consoleSink are a boolean/],
  ['consoleSink({ valeus })', () => shown?.({ valeus: true }), /valeus is no option of consoleSink; .*values, stream/],
])('%s of plain JavaScript is refused at once, with what to write', (_, make, what) => {
  expect(make).toThrow('ML_OPTION_INVALID')
  expect(make).toThrow(what)
})
