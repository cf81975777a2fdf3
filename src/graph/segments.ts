import type { TracedGrad } from './autodiff.ts';
import { isFloating } from './dtype.ts';
import type { Node, Value } from './ir.ts';
import { valueBytes } from './liveness.ts';

/** A way to cut the forward pass into stretches, of which all but the last are computed a second time on the way back. */
export interface Segments {
  /** Places in the forward pass behind which it is cut, ascending. */
  readonly cuts: readonly number[];
  /** What is kept between the passes, in bytes: what crosses a cut, and what the largest stretch needs while it is gone back through. */
  readonly keptBytes: number;
}

/** How much less must be kept before it is worth a second forward pass. */
const worthwhile = 0.85;
const mostCuts = 24;

/**
 * Cuts where little crosses, such that the least is kept between the passes (Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv 1604.06174). Undefined where
 * that would save next to nothing.
 */
export function chooseSegments(traced: TracedGrad, backward: readonly Node[]): Segments | undefined {
  const passed = [...traced.passed].map(({ place }) => place).sort((a, b) => a - b);
  const spans = spansOf(traced, passed, backward);
  const everything = spans.reduce((sum, { bytes, isSaved }) => sum + (isSaved ? bytes : 0), 0);
  const crossing = crossingBytes(spans, traced.forward.length);
  let best: Segments | undefined;
  for (let count = 1; count <= mostCuts; count++) {
    const cuts = cutsAt(spans, crossing, everything, count);
    const keptBytes = keptWith(spans, cuts);
    if (best === undefined || keptBytes < best.keptBytes) best = { cuts, keptBytes };
  }
  return best !== undefined && best.keptBytes < worthwhile * everything ? best : undefined;
}

/** A value of the forward pass: where it is made, and where the forward pass needs it last. */
interface Span {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
  /** Whether the backward pass needs it. */
  readonly isSaved: boolean;
}

function spansOf({ forward }: TracedGrad, passed: readonly number[], backward: readonly Node[]): readonly Span[] {
  const lastUse = new Map<Value, number>();
  for (const place of passed) for (const input of forward[place]!.inputs) lastUse.set(input, place);
  const saved = new Set(backward.flatMap(({ inputs }) => inputs));
  const spans: Span[] = [];
  for (const from of passed) {
    const { op, outputs } = forward[from]!;
    // Another shape of a value is the same memory.
    if (op === 'Reshape') continue;
    for (const output of outputs) {
      if (!isFloating(output.dtype)) continue;
      const to = lastUse.get(output) ?? from;
      spans.push({ bytes: valueBytes(output), from, to, isSaved: saved.has(output) });
    }
  }
  return spans;
}

/** Bytes that are needed on both sides of each place. */
function crossingBytes(spans: readonly Span[], places: number): Float64Array {
  const crossing = new Float64Array(places + 1);
  for (const { bytes, from, to } of spans) {
    crossing[from]! += bytes;
    crossing[to]! -= bytes;
  }
  for (let i = 1; i <= places; i++) crossing[i]! += crossing[i - 1]!;
  return crossing;
}

/** Cuts that leave about as much between each two of them, each moved to the best place nearby. */
function cutsAt(spans: readonly Span[], crossing: Float64Array, everything: number, count: number): readonly number[] {
  const piece = everything / (count + 1);
  const best = new Map<number, { place: number; bytes: number }>();
  let before = 0;
  for (const { bytes, from, isSaved } of spans) {
    if (isSaved) before += bytes;
    const cut = Math.round(before / piece);
    const isNear = Math.abs(before / piece - cut) <= 0.3;
    if (cut < 1 || cut > count || !isNear) continue;
    const known = best.get(cut);
    if (known === undefined || crossing[from]! < known.bytes) best.set(cut, { place: from, bytes: crossing[from]! });
  }
  return [...new Set([...best.values()].map(({ place }) => place))].sort((a, b) => a - b);
}

function keptWith(spans: readonly Span[], cuts: readonly number[]): number {
  const inside = new Float64Array(cuts.length + 1);
  let across = 0;
  for (const { bytes, from, to, isSaved } of spans) {
    const segment = segmentOf(cuts, from);
    if (segmentOf(cuts, to) !== segment) across += bytes;
    else if (isSaved) inside[segment]! += bytes;
  }
  return across + Math.max(...inside);
}

/** The number of the stretch that a place is in. */
export function segmentOf(cuts: readonly number[], place: number): number {
  let segment = 0;
  while (segment < cuts.length && place > cuts[segment]!) segment++;
  return segment;
}
