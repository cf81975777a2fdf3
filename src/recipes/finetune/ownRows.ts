import {
  add,
  cast,
  expand,
  type ImportOptions,
  isFloating,
  mul,
  narrow,
  reshape,
  type Value,
} from '../../graph/index.ts';

type Change = NonNullable<ImportOptions['change']>;

/**
 * What a model repeats for every image, such as the class token of a ViT, made a function of the images: an exported model for any batch size knows how many there are from its input
 * alone (src/graph/onnx/symbolicBatch.ts), and a bare Expand would stay at one row. `change` is done as well.
 */
export function withOwnRows(pixels: Value, change?: Change): Change {
  const [batch] = pixels.shape as [number];
  return (node, inputs, outputs) => {
    const [x] = inputs;
    const [repeated] = outputs;
    const repeats = node.type === 'Expand' && x?.rank === repeated?.rank && x?.shape[0] === 1;
    if (!repeats || x === undefined || repeated?.shape[0] !== batch || !isFloating(x.dtype)) {
      return change?.(node, inputs, outputs);
    }
    return [expand(add(x, nothingPerImage(pixels, x)), repeated.shape)];
  };
}

/** Zeros [N, 1, …] as many axes as `like` has. */
function nothingPerImage(pixels: Value, like: Value): Value {
  const corner = [1, 2, 3].reduce((rest, axis) => narrow(rest, axis, 0, 1), pixels);
  const zeros = mul(cast(corner, like.dtype), 0);
  return reshape(zeros, [pixels.shape[0]!, ...new Array<number>(like.rank - 1).fill(1)]);
}
