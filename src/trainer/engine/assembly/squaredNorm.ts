/** Σ x² over float32 values, in float64: eight sums side by side, so that none waits for another. `count` is a multiple of eight. */
export function squaredNorm(values: usize, count: i32): f64 {
  let first = f64x2.splat(0);
  let second = f64x2.splat(0);
  let third = f64x2.splat(0);
  let fourth = f64x2.splat(0);
  const end = values + ((<usize>count) << 2);
  while (values < end) {
    const low = v128.load(values);
    const high = v128.load(values, 16);
    first = withSquares(first, low);
    second = withSquares(second, upperHalf(low));
    third = withSquares(third, high);
    fourth = withSquares(fourth, upperHalf(high));
    values += 32;
  }
  const sums = f64x2.add(f64x2.add(first, second), f64x2.add(third, fourth));
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

function withSquares(sum: v128, lower: v128): v128 {
  const values = f64x2.promote_low_f32x4(lower);
  return f64x2.add(sum, f64x2.mul(values, values));
}

function upperHalf(values: v128): v128 {
  return v128.shuffle<i32>(values, values, 2, 3, 0, 1);
}
