import { add, cast, floor, maximum, minimum, mul, sub, type Value } from '../graph/index.ts';

/** uint8 pixels 0…255 as float32 from −1 to 1. */
export function pixelsToUnit(pixels: Value): Value {
  return sub(mul(cast(pixels, 'float32'), 1 / 127.5), 1);
}

/** float32 from −1 to 1 as uint8 pixels, rounded; what lies outside is clipped. */
export function unitToPixels(values: Value): Value {
  const scaled = floor(add(mul(values, 127.5), 128));
  return cast(maximum(minimum(scaled, 255), 0), 'uint8');
}
