/** Numbers of which it is not known how many there will be. */
export class GrowingNumbers {
  #values = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** A copy of all of them. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}
