import type { Choices } from './choices.js'

/** Finitely many faults, each struck by chance. */
export class Faults {
  #left: number
  /** Epoch ms until which the table takes next to no writes. */
  throttledUntil = 0
  readonly #oneIn: number
  readonly #choices: Choices

  constructor(choices: Choices, left: number, oneIn: number) {
    this.#choices = choices
    this.#left = left
    this.#oneIn = oneIn
  }

  /** Whether a fault strikes here; where little ever happens, more often than elsewhere. */
  strikes(oneIn = this.#oneIn): boolean {
    if (this.#left === 0 || !this.#choices.oneIn('fault', oneIn)) return false
    this.#left--
    return true
  }

  /** From now on all goes well. */
  end(): void {
    this.#left = 0
    this.throttledUntil = 0
  }
}
