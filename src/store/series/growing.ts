/** A float64 column that grows at its end. Its memory doubles, so that appending costs the same on average. */
export class GrowingColumn {
  #data: Float64Array;
  #length: number;

  constructor(initial: Float64Array = new Float64Array(0)) {
    this.#data = initial;
    this.#length = initial.length;
  }

  get length(): number {
    return this.#length;
  }

  get byteLength(): number {
    return this.#data.byteLength;
  }

  /** All values. A view that is valid until the column grows. */
  get values(): Float64Array {
    return this.#data.subarray(0, this.#length);
  }

  /** The memory behind `values`, longer than the column: for inner loops, where making a view costs more than the work. Valid until it grows. */
  get memory(): Float64Array {
    return this.#data;
  }

  append(values: Float64Array): void {
    this.resize(this.#length + values.length);
    this.#data.set(values, this.#length - values.length);
  }

  /** Makes the column longer; new values are undefined until they are set through `values`. */
  resize(length: number): void {
    if (length > this.#data.length) {
      const larger = new Float64Array(
        Math.max(length, Math.min(this.#data.length * 2, this.#data.length + 4_194_304), 64),
      );
      larger.set(this.values);
      this.#data = larger;
    }
    this.#length = length;
  }
}
