import type { ConvAttributes, ConvTransposeAttributes, MaxPoolAttributes, PoolAttributes } from '../attributes.ts';
import { mul } from '../build/binary.ts';
import {
  averagePool,
  convExact,
  convolvedSize,
  convTransposeExact,
  resizeNearest,
  sumBlocks,
  transposedSize,
} from '../build/convolution.ts';
import { gather, scatterNdAdd } from '../build/indexing.ts';
import { pad, reshape } from '../build/movement.ts';
import { reduceSum } from '../build/reduction.ts';
import type { Node, OpTable, TensorType, Value } from '../ir.ts';
import { intAttribute, intsAttribute, stringAttribute } from '../onnx/model.ts';
import { allAxes, refuse, type Shape, sameShape, showShape, sizeOf } from '../shape.ts';
import { addTangents, linear, needFloating, sameDType, stretch, zeros } from './helpers.ts';
import { inputGradient } from './inputGradient.ts';
import { weightGradient } from './weightGradient.ts';

type ConvolutionOp = 'Conv' | 'ConvTranspose' | 'ResizeNearest' | 'AveragePool' | 'MaxPool';

export const convolutionOps: OpTable<ConvolutionOp> = {
  // Bilinear in x and w, linear in the bias. dX is the transposed convolution of dY with the same weights, dW the correlation of X
  // with dY, and the gradient of the bias the sum of dY over all but the channels.
  Conv: {
    infer: ([x, w, bias], attributes) => [convType(x!, w!, bias, attributes)],
    onnx: ({ inputs, attributes }) => ({ type: 'Conv', inputs, attributes: convForm(inputs[1]!.shape, attributes) }),
    vjp: ({ inputs: [x, w], attributes }, [dy], needs) => [
      needs[0] ? inputGradient(dy!, w!, x!.shape, attributes) : null,
      needs[1] ? weightGradient(x!, dy!, w!.shape, attributes) : null,
      needs[2] ? reduceSum(dy!, otherThanChannels(dy!), false) : null,
    ],
    jvp: ({ inputs: [x, w], outputs: [y], attributes }, [dx, dw, dBias]) => {
      const throughX = dx ? convExact(dx, w!, attributes) : null;
      const throughW = dw ? convExact(x!, dw, attributes) : null;
      const perChannel = dBias ? reshape(dBias, [-1, ...y!.shape.slice(2).map(() => 1)]) : null;
      return [stretch(addTangents(addTangents(throughX, throughW), perChannel), y!.shape)];
    },
  },
  // The transpose of Conv: its own transpose is Conv, and its weights meet the same pairs of entries with the roles exchanged.
  ConvTranspose: {
    infer: ([x, w], attributes) => [
      { shape: transposedShape(x!, w!, attributes), dtype: sameDType('convTranspose', [x!, w!]) },
    ],
    onnx: transposedForm,
    vjp: ({ inputs: [x, w], attributes }, [dy], needs) => [
      needs[0] ? convExact(dy!, w!, attributes) : null,
      needs[1] ? weightGradient(dy!, x!, w!.shape, attributes) : null,
    ],
    jvp: ({ inputs: [x, w], attributes }, [dx, dw]) => {
      const size = attributes.outputSize;
      return [
        addTangents(
          dx ? convTransposeExact(dx, w!, attributes, size) : null,
          dw ? convTransposeExact(x!, dw, attributes, size) : null,
        ),
      ];
    },
  },
  ResizeNearest: linear({
    infer: ([x], { factors }) => [
      { shape: [...x!.shape.slice(0, 2), ...factors.map((factor, i) => factor * x!.shape[i + 2]!)], dtype: x!.dtype },
    ],
    // https://onnx.ai/onnx/operators/onnx__Resize.html; floor of the asymmetric coordinate i / factor repeats every entry.
    onnx: ({ inputs: [x], attributes: { factors } }) => ({
      type: 'Resize',
      inputs: [x!, null, { dtype: 'float32', shape: [factors.length + 2], values: [1, 1, ...factors] }],
      attributes: {
        mode: stringAttribute('nearest'),
        nearest_mode: stringAttribute('floor'),
        coordinate_transformation_mode: stringAttribute('asymmetric'),
      },
    }),
    forward: (dx, { attributes: { factors } }) => resizeNearest(dx, factors),
    transposed: (dy, { attributes: { factors } }) => sumBlocks(dy, factors),
  }),
  AveragePool: linear({
    infer: ([x], attributes) => [{ shape: pooledShape(x!, attributes), dtype: x!.dtype }],
    onnx: ({ inputs, attributes: { kernel, strides } }) => ({
      type: 'AveragePool',
      inputs,
      attributes: { kernel_shape: intsAttribute(kernel), strides: intsAttribute(strides) },
    }),
    forward: (dx, { attributes: { kernel, strides } }) => averagePool(dx, kernel, strides),
    transposed: unpool,
  }),
  // The second output tells where each largest entry stands, counted through the whole of x, so that both rules are a gather and its transpose.
  MaxPool: {
    infer: ([x], attributes) => {
      const shape = maxPooledShape(x!, attributes);
      return [
        { shape, dtype: x!.dtype },
        { shape, dtype: 'int64' },
      ];
    },
    onnx: ({ inputs, attributes: { kernel, strides, padBefore, padAfter, dilations } }) => ({
      type: 'MaxPool',
      inputs,
      attributes: {
        kernel_shape: intsAttribute(kernel),
        strides: intsAttribute(strides),
        pads: intsAttribute([...padBefore, ...padAfter]),
        dilations: intsAttribute(dilations),
      },
    }),
    vjp: ({ inputs: [x], outputs: [, places] }, [dy]) => {
      if (!dy) return [null];
      const flat = reshape(zeros(x!), [-1]);
      return [reshape(scatterNdAdd(flat, reshape(places!, [-1, 1]), reshape(dy, [-1])), x!.shape)];
    },
    jvp: ({ outputs: [, places] }, [dx]) => [dx ? gather(reshape(dx, [-1]), places!) : null, null],
  },
};

/** Spreads each mean over its window: by repeating where windows tile the input, else by a transposed convolution. */
function unpool(dy: Value, { inputs: [x], attributes: { kernel, strides } }: Node<'AveragePool'>): Value {
  const share = 1 / sizeOf(kernel);
  const spatial = x!.shape.slice(2);
  if (kernel.every((size, i) => size === strides[i])) {
    const spread = resizeNearest(mul(dy, share), kernel);
    const missing = spatial.map((size, i) => size - spread.shape[i + 2]!);
    return pad(
      spread,
      x!.shape.map(() => 0),
      [0, 0, ...missing],
    );
  }
  const zeros = kernel.map(() => 0);
  const attributes = { strides, padBefore: zeros, padAfter: zeros, dilations: kernel.map(() => 1), groups: 1 };
  const channels = x!.shape[0]! * x!.shape[1]!;
  const weights = dy.graph.constant(
    Array.from({ length: sizeOf(kernel) }, () => share),
    [1, 1, ...kernel],
    dy.dtype,
  );
  const single = reshape(dy, [channels, 1, ...dy.shape.slice(2)]);
  // Rows behind the last window were never read: the transposed convolution stops before them.
  const covered = single.shape.slice(2).map((size, i) => transposedSize(size, kernel[i]!, attributes, i));
  const spread = reshape(convTransposeExact(single, weights, attributes, covered), [
    ...x!.shape.slice(0, 2),
    ...covered,
  ]);
  return pad(
    spread,
    x!.shape.map(() => 0),
    [0, 0, ...spatial.map((size, i) => size - covered[i]!)],
  );
}

function otherThanChannels(value: Value): readonly number[] {
  return allAxes(value.rank).filter((axis) => axis !== 1);
}

function convType(x: Value, w: Value, bias: Value | undefined, attributes: ConvAttributes): TensorType {
  const dtype = sameDType('conv', bias === undefined ? [x, w] : [x, w, bias]);
  if (bias !== undefined && !sameShape(bias.shape, [w.shape[0]!])) {
    throw refuse(`conv needs a bias of shape [${w.shape[0]}], not ${showShape(bias.shape)}.`);
  }
  return { shape: convShape(x, w, attributes), dtype };
}

function convShape(x: Value, w: Value, attributes: ConvAttributes): Shape {
  needFloating('conv', x);
  const [batch, channels] = x.shape;
  const [made, read, ...kernel] = w.shape;
  if (channels !== read! * attributes.groups || made! % attributes.groups !== 0) {
    throw refuse(
      `conv of ${showShape(x.shape)} with weights ${showShape(w.shape)} in ${attributes.groups} groups does not fit.`,
      'Weights are [channels out, channels in / groups, …kernel], and both channel counts must divide by the groups.',
    );
  }
  const spatial = kernel.map((size, i) => convolvedSize(x.shape[i + 2]!, size, attributes, i));
  checkSpatial('conv', spatial);
  return [batch!, made!, ...spatial];
}

function transposedShape(x: Value, w: Value, attributes: ConvTransposeAttributes): Shape {
  needFloating('convTranspose', x);
  const [read, madePerGroup, ...kernel] = w.shape;
  if (x.shape[1] !== read || read! % attributes.groups !== 0) {
    throw refuse(`convTranspose of ${showShape(x.shape)} with weights ${showShape(w.shape)} does not fit.`);
  }
  attributes.outputSize.forEach((size, i) => {
    const extra = size - transposedSize(x.shape[i + 2]!, kernel[i]!, attributes, i);
    if (extra < 0 || extra >= Math.max(attributes.strides[i]!, attributes.dilations[i]!)) {
      throw refuse(`convTranspose cannot make a spatial size of ${size} from ${x.shape[i + 2]}.`);
    }
  });
  checkSpatial('convTranspose', attributes.outputSize);
  return [x.shape[0]!, madePerGroup! * attributes.groups, ...attributes.outputSize];
}

function pooledShape(x: Value, { kernel, strides }: PoolAttributes): Shape {
  needFloating('averagePool', x);
  const spatial = kernel.map((size, i) => Math.floor((x.shape[i + 2]! - size) / strides[i]!) + 1);
  checkSpatial('averagePool', spatial);
  return [...x.shape.slice(0, 2), ...spatial];
}

function maxPooledShape(x: Value, attributes: MaxPoolAttributes): Shape {
  needFloating('maxPool', x);
  const { kernel, padBefore, padAfter, dilations } = attributes;
  // A window wholly inside the border would have no largest entry.
  if (kernel.some((size, i) => Math.max(padBefore[i]!, padAfter[i]!) > dilations[i]! * (size - 1))) {
    throw refuse(`maxPool cannot have a border wider than its window ${showShape(kernel)}.`);
  }
  const spatial = kernel.map((size, i) => convolvedSize(x.shape[i + 2]!, size, { ...attributes, groups: 1 }, i));
  checkSpatial('maxPool', spatial);
  return [...x.shape.slice(0, 2), ...spatial];
}

function checkSpatial(what: string, sizes: Shape): void {
  if (sizes.some((size) => size < 1)) throw refuse(`${what} would give an empty result ${showShape(sizes)}.`);
}

function convForm(weights: Shape, attributes: ConvAttributes) {
  return {
    kernel_shape: intsAttribute(weights.slice(2)),
    strides: intsAttribute(attributes.strides),
    pads: intsAttribute([...attributes.padBefore, ...attributes.padAfter]),
    dilations: intsAttribute(attributes.dilations),
    group: intAttribute(attributes.groups),
  };
}

function transposedForm({ inputs, attributes }: Node<'ConvTranspose'>) {
  const [x, w] = inputs;
  const extra = attributes.outputSize.map(
    (size, i) => size - transposedSize(x!.shape[i + 2]!, w!.shape[i + 2]!, attributes, i),
  );
  return {
    type: 'ConvTranspose',
    inputs,
    attributes: { ...convForm(w!.shape, attributes), output_padding: intsAttribute(extra) },
  };
}
