/**
 * The stable order of points by x, or undefined where they are in order already. Points whose x is not finite cannot be drawn and are left out.
 * Logs are long sorted stretches (a restart begins a new one), so stretches are merged pairwise: n · log2(stretches) steps.
 */
export function sortedOrder(x: Float64Array): Uint32Array | undefined {
  if (isInOrder(x)) return undefined;
  let order: Uint32Array = finiteIndices(x);
  let bounds = stretches(x, order);
  let spare: Uint32Array = new Uint32Array(order.length);
  while (bounds.length > 2) {
    const merged: number[] = [0];
    for (let at = 0; at + 1 < bounds.length; at += 2) {
      const end = bounds[at + 2] ?? bounds[at + 1]!;
      merge(x, order, spare, bounds[at]!, bounds[at + 1]!, end);
      merged.push(end);
    }
    [order, spare] = [spare, order];
    bounds = merged;
  }
  return order;
}

/** The values in that order, copied. */
export function gather(values: Float64Array, order: Uint32Array): Float64Array {
  const gathered = new Float64Array(order.length);
  for (let index = 0; index < order.length; index++) gathered[index] = values[order[index]!]!;
  return gathered;
}

/** Whether x never goes backwards from index `from` on, and is finite. */
export function isInOrder(x: Float64Array, from = 0): boolean {
  let previous = from === 0 ? Number.NEGATIVE_INFINITY : x[from - 1]!;
  for (let index = from; index < x.length; index++) {
    const value = x[index]!;
    if (!(value >= previous) || !Number.isFinite(value)) return false;
    previous = value;
  }
  return true;
}

function finiteIndices(x: Float64Array): Uint32Array {
  const indices = new Uint32Array(x.length);
  let count = 0;
  for (let index = 0; index < x.length; index++) {
    if (Number.isFinite(x[index]!)) indices[count++] = index;
  }
  return indices.slice(0, count);
}

/** Where sorted stretches begin, and the end. */
function stretches(x: Float64Array, order: Uint32Array): number[] {
  const bounds = [0];
  for (let at = 1; at < order.length; at++) {
    if (x[order[at]!]! < x[order[at - 1]!]!) bounds.push(at);
  }
  bounds.push(order.length);
  return bounds;
}

function merge(x: Float64Array, from: Uint32Array, to: Uint32Array, start: number, middle: number, end: number): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || x[from[left]!]! <= x[from[right]!]!);
    to[at] = takeLeft ? from[left++]! : from[right++]!;
  }
}
