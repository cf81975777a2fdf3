import { add, div, mul, sub } from '../../build/binary.ts';
import {
  averagePool,
  type ConvOptions,
  conv,
  convTranspose,
  maxPool,
  resizeNearest,
  transposedSize,
} from '../../build/convolution.ts';
import { affine, matmul } from '../../build/linalg.ts';
import { pad, reshape, squeeze, swapLast, unsqueeze } from '../../build/movement.ts';
import { reduceMax, reduceMean, standardize } from '../../build/reduction.ts';
import { sqrt } from '../../build/unary.ts';
import type { Value } from '../../ir.ts';
import { allAxes, normalizeAxis, type Shape, sizeOf } from '../../shape.ts';
import { einsum } from '../einsum.ts';
import type { ImportedNode } from '../importedNode.ts';
import type { Importers } from '../importer.ts';

/** Products, convolutions, pools and norms. */
export const layerImporters: Importers = {
  MatMul: (node) => product(node.value(0), node.value(1)),
  Gemm: gemm,
  Einsum: (node) => einsum(node.text('equation', ''), node.inputs),
  Conv: (node) => {
    const bias = node.optional(2);
    const [x, w] = [node.value(0), node.value(1)];
    return conv(x, w, { ...window(node, x, w.shape.slice(2)), ...(bias === undefined ? {} : { bias }) });
  },
  ConvTranspose: transposed,
  MaxPool: (node) => {
    if (node.wants(1)) throw node.refusal('gives the indices of its entries away');
    const { x, options, kernel } = pooled(node, Number.NEGATIVE_INFINITY);
    return maxPool(x, kernel, options);
  },
  AveragePool: averaged,
  GlobalAveragePool: (node) => reduceMean(node.value(0), spatialAxes(node.value(0))),
  GlobalMaxPool: (node) => reduceMax(node.value(0), spatialAxes(node.value(0))),
  Resize: (node) => resized(node, node.known(2, 'scales'), node.known(3, 'sizes')),
  Upsample: (node) => resized(node, node.known(1, 'scales'), undefined),
  BatchNormalization: batchNorm,
  InstanceNormalization: (node) => groupedNorm(node, node.value(0).shape[1]!),
  GroupNormalization: (node) => groupedNorm(node, node.int('num_groups', 1)),
  LayerNormalization: layerNorm,
  RMSNormalization: (node) => {
    const x = node.value(0);
    const axes = allAxes(x.rank).slice(normalizeAxis(node.int('axis', -1), x.rank));
    const root = sqrt(add(reduceMean(mul(x, x), axes), node.float('epsilon', 1e-5)));
    return mul(div(x, root), node.value(1));
  },
};

/** NumPy's product: vectors get an axis of their own for the time of it. */
function product(a: Value, b: Value): Value {
  const left = a.rank === 1 ? unsqueeze(a, [0]) : a;
  const right = b.rank === 1 ? unsqueeze(b, [1]) : b;
  const y = matmul(left, right);
  const dropped = [...(a.rank === 1 ? [y.rank - 2] : []), ...(b.rank === 1 ? [y.rank - 1] : [])];
  return dropped.length === 0 ? y : squeeze(y, dropped);
}

function gemm(node: ImportedNode): Value {
  const a = node.int('transA', 0) === 1 ? swapLast(node.value(0)) : node.value(0);
  const b = node.int('transB', 0) === 1 ? swapLast(node.value(1)) : node.value(1);
  const [alpha, beta, c] = [node.float('alpha', 1), node.float('beta', 1), node.optional(2)];
  const isPlain = alpha === 1 && beta === 1;
  if (isPlain && c !== undefined && c.rank === 1 && c.shape[0] === b.shape[1]) return affine(a, b, c);
  const y = mul(matmul(a, b), alpha);
  return c === undefined ? y : add(y, mul(c, beta));
}

/** Strides, borders and gaps of a window over the spatial axes. `auto_pad` of old exporters puts the border where the rule says. */
function window(
  node: ImportedNode,
  x: Value,
  kernel: Shape,
): Required<Omit<ConvOptions, 'padding'>> & { padding: [number, number][] } {
  const ones = kernel.map(() => 1);
  const stride = node.attribute('strides', 'ints') ?? ones;
  const dilation = node.attribute('dilations', 'ints') ?? ones;
  const pads = node.attribute('pads', 'ints') ?? kernel.flatMap(() => [0, 0]);
  const padding = kernel.map((_, i): [number, number] => [pads[i]!, pads[i + kernel.length]!]);
  const mode = node.text('auto_pad', 'NOTSET');
  const groups = node.int('group', 1);
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') return { stride, dilation, groups, padding };
  const same = kernel.map((size, i): [number, number] => {
    const wanted = Math.ceil(x.shape[i + 2]! / stride[i]!);
    const reach = (wanted - 1) * stride[i]! + dilation[i]! * (size - 1) + 1;
    const missing = Math.max(0, reach - x.shape[i + 2]!);
    const less = Math.floor(missing / 2);
    return mode === 'SAME_UPPER' ? [less, missing - less] : [missing - less, less];
  });
  return { stride, dilation, groups, padding: same };
}

function transposed(node: ImportedNode): Value {
  const [x, w, bias] = [node.value(0), node.value(1), node.optional(2)];
  const kernel = w.shape.slice(2);
  if (node.text('auto_pad', 'NOTSET') !== 'NOTSET' || node.attribute('output_shape', 'ints') !== undefined) {
    throw node.refusal('lets its border be chosen', 'Export the model with explicit pads.');
  }
  const options = window(node, x, kernel);
  const extra = node.attribute('output_padding', 'ints') ?? kernel.map(() => 0);
  const attributes = {
    strides: options.stride as readonly number[],
    dilations: options.dilation as readonly number[],
    padBefore: options.padding.map(([before]) => before),
    padAfter: options.padding.map(([, after]) => after),
    groups: options.groups,
  };
  const outputSize = kernel.map((size, i) => transposedSize(x.shape[i + 2]!, size, attributes, i) + extra[i]!);
  const y = convTranspose(x, w, { ...options, outputSize });
  return bias === undefined ? y : add(y, perChannel(bias, y.rank));
}

/** The window of a pool. With `ceil_mode` a last window that is not whole counts too: the input gets a border of `filler` behind it. */
function pooled(node: ImportedNode, filler: number) {
  const x = node.value(0);
  const kernel = node.attribute('kernel_shape', 'ints') ?? [];
  const { stride, dilation, padding } = window(node, x, kernel);
  const options = { stride, dilation, padding };
  if (node.int('ceil_mode', 0) === 0) return { x, kernel, options, missing: kernel.map(() => 0) };
  const missing = kernel.map((size, i) => {
    const [before, after] = padding[i]!;
    const step = (stride as readonly number[])[i]!;
    const free = x.shape[i + 2]! + before + after - (dilation as readonly number[])[i]! * (size - 1) - 1;
    const windows = Math.ceil(free / step) + 1;
    // A window that would begin in the border behind the input does not count.
    const whole = (windows - 1) * step >= x.shape[i + 2]! + before ? windows - 1 : windows;
    return Math.max(0, (whole - 1) * step - free);
  });
  const behind = [0, 0, ...missing];
  return {
    x: pad(
      x,
      behind.map(() => 0),
      behind,
      filler,
    ),
    kernel,
    options,
    missing,
  };
}

/** Means over windows whose border counts or not; where it does not, each mean is scaled by how many entries it really has. */
function averaged(node: ImportedNode): Value {
  const { x, kernel, options, missing } = pooled(node, 0);
  const strides = options.stride as readonly number[];
  if ((options.dilation as readonly number[]).some((gap) => gap !== 1)) throw node.refusal('has gaps in its window');
  const [before, after] = [0, 1].map((side) => [0, 0, ...options.padding.map((sides) => sides[side]!)]);
  const means = averagePool(pad(x, before!, after!), kernel, strides);
  const borderCounts = node.int('count_include_pad', 0) === 1;
  const hasBorder = [...before!, ...after!].some((count) => count > 0);
  if (missing.every((count) => count === 0) && (borderCounts || !hasBorder)) return means;
  const counts = kernel.map((size, i) =>
    Array.from({ length: means.shape[i + 2]! }, (_, at) => {
      const [ahead, behind] = options.padding[i]!;
      const inside = node.value(0).shape[i + 2]!;
      const from = at * strides[i]! - ahead;
      const [low, high] = borderCounts ? [-ahead, inside + behind] : [0, inside];
      return Math.min(from + size, high) - Math.max(from, low);
    }),
  );
  return counts.reduce((value, axisCounts, i) => {
    const shape = means.shape.map((size, axis) => (axis === i + 2 ? size : 1));
    return mul(
      value,
      node.graph.constant(
        axisCounts.map((count) => kernel[i]! / count),
        shape,
        means.dtype,
      ),
    );
  }, means);
}

/** Whole factors by repeating entries; others, and interpolation, have no rule here. */
function resized(
  node: ImportedNode,
  scales: readonly number[] | undefined,
  sizes: readonly number[] | undefined,
): Value {
  const x = node.value(0);
  const given = sizes !== undefined && sizes.length > 0 ? sizes.map((size, i) => size / x.shape[i]!) : (scales ?? []);
  const isRepeating = given.length === x.rank && given[0] === 1 && given[1] === 1 && given.every(Number.isInteger);
  const coordinates = node.text('coordinate_transformation_mode', 'half_pixel');
  if (node.text('mode', 'nearest') !== 'nearest' || !isRepeating || coordinates === 'align_corners') {
    throw node.refusal('interpolates', 'Only nearest neighbours by whole factors can be trained through.');
  }
  return resizeNearest(x, given.slice(2));
}

/** With the statistics that the model has collected: (x − mean) / √(variance + ε) · gain + bias per channel. */
function batchNorm(node: ImportedNode): Value {
  if (node.int('training_mode', 0) === 1) {
    throw node.refusal('collects statistics', 'Export the model in evaluation mode.');
  }
  const x = node.value(0);
  const [gain, bias, mean, variance] = [1, 2, 3, 4].map((index) => node.value(index)) as [Value, Value, Value, Value];
  const scale = div(gain, sqrt(add(variance, node.float('epsilon', 1e-5))));
  const shift = sub(bias, mul(mean, scale));
  return add(mul(x, perChannel(scale, x.rank)), perChannel(shift, x.rank));
}

/** Each group of channels of an example standardized by itself. Gains are per channel, in some versions of the operator per group. */
function groupedNorm(node: ImportedNode, groups: number): Value {
  const x = node.value(0);
  const [examples, channels] = x.shape as [number, number];
  const rows = standardize(reshape(x, [examples, groups, -1]), node.float('epsilon', 1e-5));
  const scaled = (parameter: Value) => {
    if (parameter.shape[0] === channels) return perChannel(parameter, x.rank);
    const spread = mul(
      reshape(parameter, [groups, 1]),
      node.graph.constant(new Array<number>(channels / groups).fill(1), [1, channels / groups], x.dtype),
    );
    return perChannel(reshape(spread, [channels]), x.rank);
  };
  return add(mul(reshape(rows, x.shape), scaled(node.value(1))), scaled(node.value(2)));
}

function layerNorm(node: ImportedNode): Value {
  if (node.wants(1) || node.wants(2)) throw node.refusal('gives its statistics away');
  const x = node.value(0);
  const axis = normalizeAxis(node.int('axis', -1), x.rank);
  const rows = reshape(x, [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis))]);
  const y = mul(reshape(standardize(rows, node.float('epsilon', 1e-5)), x.shape), node.value(1));
  const bias = node.optional(2);
  return bias === undefined ? y : add(y, bias);
}

function perChannel(value: Value, rank: number): Value {
  return reshape(value, [value.shape[0]!, ...new Array<number>(rank - 2).fill(1)]);
}

function spatialAxes(x: Value): readonly number[] {
  return allAxes(x.rank).slice(2);
}
