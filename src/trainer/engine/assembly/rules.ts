// The rules of ../optimizer.ts, operation by operation in the same order and all in float32, so that both give the same bits. Each reads and writes every
// vector once. A state is three vectors of float32, parameters, sums of gradients and sums of squares, and averaged weights as a fourth with `averages`; each is
// `stride` bytes behind the one before it. `from` and `to` are where the parameters of the old and of the new state begin; they may be the same. `count` is a
// multiple of four.

/** Decoupled weight decay with Adam (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2). */
export function adamw(
  from: usize,
  to: usize,
  stride: usize,
  gradient: usize,
  count: i32,
  scale: f32,
  firstKept: f32,
  secondKept: f32,
  stepSize: f32,
  rootOffset: f32,
  weightKept: f32,
  averages: bool,
  averageGain: f32,
): void {
  const scales = f32x4.splat(scale);
  const firsts = f32x4.splat(firstKept);
  const seconds = f32x4.splat(secondKept);
  const sizes = f32x4.splat(stepSize);
  const offsets = f32x4.splat(rootOffset);
  const kept = f32x4.splat(weightKept);
  const gains = f32x4.splat(averageGain);
  const end = from + ((<usize>count) << 2);
  while (from < end) {
    const slope = f32x4.mul(v128.load(gradient), scales);
    const sum = f32x4.add(f32x4.mul(v128.load(from + stride), firsts), slope);
    const squares = f32x4.add(f32x4.mul(v128.load(from + 2 * stride), seconds), f32x4.mul(slope, slope));
    const change = f32x4.mul(f32x4.div(sum, f32x4.add(f32x4.sqrt(squares), offsets)), sizes);
    const weights = f32x4.sub(f32x4.mul(v128.load(from), kept), change);
    v128.store(to, weights);
    v128.store(to + stride, sum);
    v128.store(to + 2 * stride, squares);
    if (averages) moveAverage(from + 3 * stride, to + 3 * stride, weights, gains);
    gradient += 16;
    from += 16;
    to += 16;
  }
}

/** Gradient descent with momentum (Polyak, 1964, in the form of Sutskever et al., 2013, with the learning rate outside of the sum). */
export function sgd(
  from: usize,
  to: usize,
  stride: usize,
  gradient: usize,
  count: i32,
  scale: f32,
  firstKept: f32,
  stepSize: f32,
  weightKept: f32,
  averages: bool,
  averageGain: f32,
): void {
  const scales = f32x4.splat(scale);
  const firsts = f32x4.splat(firstKept);
  const sizes = f32x4.splat(stepSize);
  const kept = f32x4.splat(weightKept);
  const gains = f32x4.splat(averageGain);
  const end = from + ((<usize>count) << 2);
  while (from < end) {
    const slope = f32x4.mul(v128.load(gradient), scales);
    const sum = f32x4.add(f32x4.mul(v128.load(from + stride), firsts), slope);
    const weights = f32x4.sub(f32x4.mul(v128.load(from), kept), f32x4.mul(sum, sizes));
    v128.store(to, weights);
    v128.store(to + stride, sum);
    v128.store(to + 2 * stride, v128.load(from + 2 * stride));
    if (averages) moveAverage(from + 3 * stride, to + 3 * stride, weights, gains);
    gradient += 16;
    from += 16;
    to += 16;
  }
}

/** Signs of blended gradients (Chen et al., arXiv 2302.06675, algorithm 2). */
export function lion(
  from: usize,
  to: usize,
  stride: usize,
  gradient: usize,
  count: i32,
  scale: f32,
  blendKept: f32,
  blendGain: f32,
  firstKept: f32,
  stepSize: f32,
  weightKept: f32,
  averages: bool,
  averageGain: f32,
): void {
  const scales = f32x4.splat(scale);
  const blendKepts = f32x4.splat(blendKept);
  const blendGains = f32x4.splat(blendGain);
  const firsts = f32x4.splat(firstKept);
  const sizes = f32x4.splat(stepSize);
  const kept = f32x4.splat(weightKept);
  const gains = f32x4.splat(averageGain);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const end = from + ((<usize>count) << 2);
  while (from < end) {
    const slope = f32x4.mul(v128.load(gradient), scales);
    const sum = v128.load(from + stride);
    const blend = f32x4.add(f32x4.mul(sum, blendKepts), f32x4.mul(slope, blendGains));
    const sign = f32x4.sub(v128.and(f32x4.gt(blend, zero), one), v128.and(f32x4.lt(blend, zero), one));
    const weights = f32x4.sub(f32x4.mul(v128.load(from), kept), f32x4.mul(sign, sizes));
    v128.store(to, weights);
    v128.store(to + stride, f32x4.add(f32x4.mul(sum, firsts), slope));
    v128.store(to + 2 * stride, v128.load(from + 2 * stride));
    if (averages) moveAverage(from + 3 * stride, to + 3 * stride, weights, gains);
    gradient += 16;
    from += 16;
    to += 16;
  }
}

function moveAverage(from: usize, to: usize, weights: v128, gains: v128): void {
  const average = v128.load(from);
  v128.store(to, f32x4.add(average, f32x4.mul(f32x4.sub(weights, average), gains)));
}
