import type { Mutant } from '../mutants-from-design.js'

/** Bugs planted on the way of outputs to their sink. */
export const plantedOutputs: readonly Mutant[] = [
  {
    name: 'settled-before-the-output',
    why: 'Rule 1: a record waits for its outputs to be acknowledged.',
    file: 'lib/engine/hold.ts',
    find: 'if (this.unwritten.has(record)) return committing !== everything',
    replace: 'if (this.unwritten.has(record)) return committing === everything',
  },
  {
    name: 'effects-before-the-output',
    why: '§5: outputs are acknowledged first, then effects and settle.',
    file: 'lib/engine/chunks.ts',
    find: 'if (isUnwritten) passed.add(lane)',
    replace: 'if (isUnwritten && declared === undefined) passed.add(lane)',
  },
  {
    name: 'missing-acknowledgement-taken-for-one',
    why: 'Rule 1: settled only when its sinks have acknowledged.',
    file: 'lib/sink/answers.ts',
    find: 'if (answers.length !== records.length)',
    replace: 'if (answers.length > records.length)',
  },
  {
    name: 'late-acknowledgement-taken',
    why: 'What has not been acknowledged when the signal aborts counts as not written.',
    file: 'lib/sink/answers.ts',
    find: 'tooLate = () => resolve(none(unwritten(sink.name, signal.reason)))',
    replace: 'tooLate = () => resolve(records.map(() => written))',
  },
  {
    name: 'output-refused-and-settled',
    why: 'Rule 1: a record whose output is refused has failed.',
    file: 'lib/engine/hand-over.ts',
    find: 'if (failed === undefined) hold.unwritten.delete(record)',
    replace: "if (failed?.status !== 'retry') hold.unwritten.delete(record)",
  },
  {
    name: 'output-written-again',
    why: 'What is acknowledged is not written again by a later write of the same invocation.',
    file: 'lib/engine/hand-over.ts',
    find: 'if (hold.unwritten.get(record) !== outputs) continue',
    replace: 'if (hold.unwritten.get(record) !== outputs || engine.clock.random() < 0.3) continue',
  },
]
