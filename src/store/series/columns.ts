import { GrowingColumn } from './growing.ts';
import { Pyramid } from './pyramid.ts';
import { Smoothing } from './smoothing.ts';
import { gather, isInOrder, sortedOrder } from './sortedOrder.ts';

/** Smoothing weights whose curve is kept per series: the one on screen and the one before it. */
const keptSmoothings = 2;

/** Points of one series in the order of x, ready to be cut into buckets. */
export interface DrawingView {
  readonly x: Float64Array;
  readonly values: Float64Array;
  readonly pyramid: Pyramid;
}

export interface SmoothedView {
  readonly values: Float64Array;
  readonly pyramid: Pyramid;
}

type Axis = 'step' | 'wall';

interface CachedView {
  view: DrawingView;
  readonly order: Uint32Array | undefined;
  length: number;
}

interface CachedSmoothing {
  readonly smoothing: Smoothing;
  readonly views: Map<Axis, { view: SmoothedView; readonly order: Uint32Array | undefined; length: number }>;
}

/** One series in memory: its columns in file order, and what drawing needs, made when first asked for and extended as points come. */
export class SeriesColumns {
  readonly #steps: GrowingColumn;
  readonly #walls: GrowingColumn;
  readonly #values: GrowingColumn;
  readonly #views = new Map<Axis, CachedView>();
  readonly #smoothings: CachedSmoothing[] = [];
  #nonFinite = 0;
  #min = Number.NaN;
  #max = Number.NaN;

  constructor(steps: Float64Array, walls: Float64Array, values: Float64Array) {
    this.#steps = new GrowingColumn(steps);
    this.#walls = new GrowingColumn(walls);
    this.#values = new GrowingColumn(values);
    this.#count(values);
  }

  get length(): number {
    return this.#values.length;
  }

  get nonFinite(): number {
    return this.#nonFinite;
  }

  /** Range of the finite values; NaN where there is none. */
  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  get byteLength(): number {
    let sum = this.#steps.byteLength + this.#walls.byteLength + this.#values.byteLength;
    for (const { view, order } of this.#views.values())
      sum += view.pyramid.byteLength + (order === undefined ? 0 : order.length * 20);
    for (const { smoothing, views } of this.#smoothings) {
      sum += smoothing.smoothed.byteLength;
      for (const { view, order } of views.values())
        sum += view.pyramid.byteLength + (order === undefined ? 0 : order.length * 8);
    }
    return sum;
  }

  append(steps: Float64Array, walls: Float64Array, values: Float64Array): void {
    this.#steps.append(steps);
    this.#walls.append(walls);
    this.#values.append(values);
    this.#count(values);
  }

  /** Copies of the points `from … from + count` in file order. */
  points(from: number, count: number): { steps: Float64Array; wallTimes: Float64Array; values: Float64Array } {
    const end = Math.min(this.length, from + count);
    return {
      steps: this.#steps.values.slice(from, end),
      wallTimes: this.#walls.values.slice(from, end),
      values: this.#values.values.slice(from, end),
    };
  }

  view(axis: Axis): DrawingView {
    return this.#cachedView(axis).view;
  }

  /** The smoothed curve in the order of `view(axis)`. */
  smoothedView(axis: Axis, weight: number): SmoothedView {
    const { order } = this.#cachedView(axis);
    const cached = this.#smoothing(weight);
    cached.smoothing.extend(this.#values.values);
    const known = cached.views.get(axis);
    if (known !== undefined && known.order === order && known.length === this.length) return known.view;
    const canExtend = known !== undefined && known.order === undefined && order === undefined;
    const pyramid = canExtend ? known.view.pyramid : new Pyramid();
    const smoothed = this.#isConstant ? this.#values.values : cached.smoothing.smoothed.values;
    const values = order === undefined ? smoothed : gather(smoothed, order);
    pyramid.update(values, canExtend ? known.length : 0);
    const view = { values, pyramid };
    cached.views.set(axis, { view, order, length: this.length });
    return view;
  }

  get #isConstant(): boolean {
    return this.#nonFinite === 0 && this.#min === this.#max;
  }

  #cachedView(axis: Axis): CachedView {
    const known = this.#views.get(axis);
    if (known !== undefined && known.length === this.length) return known;
    const x = (axis === 'step' ? this.#steps : this.#walls).values;
    const values = this.#values.values;
    if (known !== undefined && known.order === undefined && isInOrder(x, known.length)) {
      known.view.pyramid.update(values, known.length);
      known.view = { x, values, pyramid: known.view.pyramid };
      known.length = this.length;
      return known;
    }
    const order = sortedOrder(x);
    const view =
      order === undefined
        ? { x, values, pyramid: new Pyramid() }
        : { x: gather(x, order), values: gather(values, order), pyramid: new Pyramid() };
    view.pyramid.update(view.values, 0);
    const made = { view, order, length: this.length };
    this.#views.set(axis, made);
    return made;
  }

  #smoothing(weight: number): CachedSmoothing {
    const at = this.#smoothings.findIndex(({ smoothing }) => smoothing.weight === weight);
    const found = at < 0 ? { smoothing: new Smoothing(weight), views: new Map() } : this.#smoothings.splice(at, 1)[0]!;
    this.#smoothings.unshift(found);
    this.#smoothings.length = Math.min(this.#smoothings.length, keptSmoothings);
    return found;
  }

  #count(values: Float64Array): void {
    const wasConstant = this.#isConstant;
    for (const value of values) {
      if (!Number.isFinite(value)) this.#nonFinite++;
      else {
        if (!(this.#min <= value)) this.#min = value;
        if (!(this.#max >= value)) this.#max = value;
      }
    }
    // A constant series is drawn unsmoothed; when it ceases to be one, its smoothed views must be made anew.
    if (wasConstant && !this.#isConstant) for (const { views } of this.#smoothings) views.clear();
  }
}
