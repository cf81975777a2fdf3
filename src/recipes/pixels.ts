import { add, cast, floor, maximum, minimum, mul, reshape, sub, type Value } from '../graph/index.ts';

/** uint8 pixels 0…255 as float32 from −1 to 1. */
export function pixelsToUnit(pixels: Value): Value {
  return inRows(pixels, (rows) => sub(mul(cast(rows, 'float32'), 1 / 127.5), 1));
}

/** float32 from −1 to 1 as uint8 pixels, rounded; what lies outside is clipped. */
export function unitToPixels(values: Value): Value {
  return inRows(values, (rows) => cast(maximum(minimum(floor(add(mul(rows, 127.5), 128)), 255), 0), 'uint8'));
}

/**
 * Applies an elementwise function to each example as one row. ONNX Runtime adds a number to a tensor whose last axis has size 1 (grey
 * images) element by element: ten times slower than along a row.
 */
function inRows(images: Value, apply: (rows: Value) => Value): Value {
  return reshape(apply(reshape(images, [images.shape[0]!, -1])), images.shape);
}
