/** Values taken of a batch, about. */
const enough = 1_000
/** Steps of the golden ratio fall evenly, and into no rhythm of partitions or lanes. */
const step = (Math.sqrt(5) - 1) / 2

/** Values of which a large batch has too many to take all: all of up to 1,000, else about 1,000, evenly spread. */
export class Sample {
  readonly values: number[] = []
  readonly #share: number
  #phase = 0

  /** @param all how many there will be */
  constructor(all: number) {
    this.#share = enough / Math.max(all, enough)
  }

  /** Whether the next is to be taken; asked once for each. */
  isDue(): boolean {
    this.#phase = (this.#phase + step) % 1
    return this.#phase < this.#share
  }
}
