import type { Choices } from './choices.js'

/** Whose task it is: a dead one's tasks never run, a paused one's run later. */
export interface Life {
  readonly dead: boolean
  /** Epoch ms; Infinity: until it is woken. */
  readonly pausedUntil: number
}

interface Task {
  readonly at: number
  readonly life: Life | undefined
  readonly run: () => void
}

/** Virtual time and the one queue of everything that is to happen. Of what is due at the same time, chance picks the next. */
export class Scheduler {
  now: number
  steps = 0
  /** Called before a task of somebody's life runs; it may end or pause that life. */
  interfere: (life: Life) => void = () => {}
  readonly #choices: Choices
  #tasks: Task[] = []

  constructor(choices: Choices, now: number) {
    this.#choices = choices
    this.now = now
  }

  /** Runs something after `ms`, unless cancelled by the function it returns. */
  after(ms: number, run: () => void, life?: Life): () => void {
    const task = { at: this.now + Math.ceil(Math.max(0, ms)), life, run }
    this.#tasks.push(task)
    return () => {
      this.#tasks = this.#tasks.filter((one) => one !== task)
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Runs tasks until none is left or `enough` says so. */
  async run(enough: () => boolean): Promise<void> {
    for (;;) {
      await drained()
      if (enough()) return
      const task = this.#next()
      if (task === undefined) return
      this.steps++
      task.run()
    }
  }

  #next(): Task | undefined {
    for (;;) {
      this.#tasks = this.#tasks.filter(({ life }) => !life?.dead)
      const soonest = this.#tasks.reduce((min, task) => Math.min(min, due(task)), Number.POSITIVE_INFINITY)
      if (soonest === Number.POSITIVE_INFINITY) return undefined
      this.now = Math.max(this.now, soonest)
      const ready = this.#tasks.filter((task) => due(task) <= this.now)
      const task = ready[ready.length > 1 ? this.#choices.below('order', ready.length) : 0]
      if (task === undefined) return undefined
      if (task.life !== undefined) this.interfere(task.life)
      if (task.life?.dead || due(task) > this.now) continue
      this.#tasks.splice(this.#tasks.indexOf(task), 1)
      return task
    }
  }
}

const due = ({ at, life }: Task): number => Math.max(at, life?.pausedUntil ?? 0)

/** Resolves once every promise that could go on has gone on: a tick asked for in a microtask comes after all microtasks. */
const drained = () => new Promise<void>((resolve) => process.nextTick(resolve))
