import type { SliceAttributes } from '../attributes.ts';
import { concat, expand, flip, narrow, pad, reshape, sliceExact, split, transpose } from '../build/movement.ts';
import { unbroadcast } from '../build/reduction.ts';
import type { Node, OpTable, TensorType, Value } from '../ir.ts';
import { intAttribute, intsAttribute, stringAttribute } from '../onnx/model.ts';
import { allAxes, refuse, sameShape, showShape, withSize } from '../shape.ts';
import { int64Literal, linear, sameDType, zeros } from './helpers.ts';

type MovementOp = 'Reshape' | 'Transpose' | 'Expand' | 'Concat' | 'Split' | 'Slice' | 'Pad';

/** Operations that move numbers without changing them. All are linear, so a tangent moves as the value does. */
export const movementOps: OpTable<MovementOp> = {
  Reshape: linear({
    infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
    onnx: ({ inputs, attributes }) => ({ type: 'Reshape', inputs: [inputs[0]!, int64Literal(attributes.shape)] }),
    forward: (dx, { attributes }) => reshape(dx, attributes.shape),
    transposed: (dy, { inputs }) => reshape(dy, inputs[0]!.shape),
  }),
  Transpose: linear({
    infer: ([x], { perm }) => [{ shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype }],
    onnx: ({ inputs, attributes }) => ({
      type: 'Transpose',
      inputs,
      attributes: { perm: intsAttribute(attributes.perm) },
    }),
    forward: (dx, { attributes }) => transpose(dx, attributes.perm),
    transposed: (dy, { attributes }) => transpose(dy, inverse(attributes.perm)),
  }),
  Expand: linear({
    infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
    onnx: ({ inputs, attributes }) => ({ type: 'Expand', inputs: [inputs[0]!, int64Literal(attributes.shape)] }),
    forward: (dx, { attributes }) => expand(dx, attributes.shape),
    transposed: (dy, { inputs }) => unbroadcast(dy, inputs[0]!.shape),
  }),
  Concat: {
    infer: (inputs, { axis }) => [concatType(inputs, axis)],
    onnx: ({ inputs, attributes }) => ({
      type: 'Concat',
      inputs,
      attributes: { axis: intAttribute(attributes.axis) },
    }),
    vjp: ({ inputs, attributes: { axis } }, [dy], needs) =>
      cutApart(
        dy!,
        inputs.map((input) => input.shape[axis]!),
        axis,
        needs,
      ),
    jvp: ({ inputs, attributes: { axis } }, dxs) =>
      dxs.every((dx) => dx === null)
        ? [null]
        : [
            concat(
              inputs.map((input, i) => dxs[i] ?? zeros(input)),
              axis,
            ),
          ],
  },
  Split: {
    infer: ([x], { axis, sizes }) => {
      if (sizes.reduce((sum, size) => sum + size, 0) !== x!.shape[axis]) {
        throw refuse(`split cannot cut axis ${axis} of ${showShape(x!.shape)} into ${showShape(sizes)}.`);
      }
      return sizes.map((size) => ({ shape: withSize(x!.shape, axis, size), dtype: x!.dtype }));
    },
    onnx: ({ inputs, attributes }) => ({
      type: 'Split',
      inputs: [inputs[0]!, int64Literal(attributes.sizes)],
      attributes: { axis: intAttribute(attributes.axis) },
    }),
    vjp: ({ outputs, attributes: { axis } }, dys) => [
      concat(
        outputs.map((output, i) => dys[i] ?? zeros(output)),
        axis,
      ),
    ],
    jvp: ({ outputs, attributes: { axis, sizes } }, [dx]) => (dx ? split(dx, sizes, axis) : outputs.map(() => null)),
  },
  Slice: linear({
    infer: ([x], { starts, sizes, steps }) => {
      x!.shape.forEach((size, axis) => {
        const last = starts[axis]! + (sizes[axis]! - 1) * steps[axis]!;
        if (sizes[axis]! > 0 && (starts[axis]! < 0 || starts[axis]! >= size || last < 0 || last >= size)) {
          throw refuse(`slice leaves axis ${axis} of ${showShape(x!.shape)}.`);
        }
      });
      return [{ shape: sizes, dtype: x!.dtype }];
    },
    onnx: sliceForm,
    forward: (dx, { attributes: { starts, sizes, steps } }) => sliceExact(dx, starts, sizes, steps),
    transposed: unslice,
  }),
  Pad: linear({
    infer: ([x], { before, after }) => {
      if ([...before, ...after].some((count) => count < 0)) throw refuse('pad cannot cut off.', 'Use slice().');
      return [{ shape: x!.shape.map((size, axis) => size + before[axis]! + after[axis]!), dtype: x!.dtype }];
    },
    onnx: ({ inputs: [x], attributes: { before, after, value } }) => ({
      type: 'Pad',
      inputs: [x!, int64Literal([...before, ...after]), { dtype: x!.dtype, shape: [], values: [value] }],
      attributes: { mode: stringAttribute('constant') },
    }),
    // The border is constant, so the tangent has a border of zeros.
    forward: (dx, { attributes: { before, after } }) => pad(dx, before, after),
    transposed: (dy, { inputs: [x], attributes: { before } }) =>
      sliceExact(
        dy,
        before,
        x!.shape,
        x!.shape.map(() => 1),
      ),
  }),
};

function concatType(inputs: readonly Value[], axis: number): TensorType {
  const dtype = sameDType('concat', inputs);
  const first = inputs[0]!;
  const total = inputs.reduce((sum, input) => sum + (input.shape[axis] ?? 0), 0);
  for (const input of inputs) {
    if (input.rank !== first.rank || !sameShape(withSize(input.shape, axis, 0), withSize(first.shape, axis, 0))) {
      throw refuse(
        `concat along axis ${axis} cannot join ${inputs.map((each) => showShape(each.shape)).join(' and ')}.`,
        'All other sizes must be equal.',
      );
    }
  }
  return { shape: withSize(first.shape, axis, total), dtype };
}

/** The needed parts of a joined value. One Split copies everything once; where a part is not needed, only the others are copied. */
function cutApart(
  joined: Value,
  sizes: readonly number[],
  axis: number,
  needs: readonly boolean[],
): readonly (Value | null)[] {
  if (!needs.includes(false)) return split(joined, sizes, axis);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  return sizes.map((size, i) => (needs[i] ? narrow(joined, axis, starts[i]!, size) : null));
}

function inverse(perm: readonly number[]): readonly number[] {
  const result = perm.map(() => 0);
  perm.forEach((from, to) => {
    result[from] = to;
  });
  return result;
}

/** Writes the axes that are really cut. A backwards slice down to index 0 ends at −(size+1), which ONNX clips to "before 0". */
function sliceForm({ inputs: [x], attributes }: Node<'Slice'>) {
  const { starts, sizes, steps } = attributes;
  const cut = allAxes(x!.rank).filter((axis) => sizes[axis] !== x!.shape[axis] || steps[axis] !== 1);
  const ends = cut.map((axis) => {
    if (sizes[axis] === 0) return 0;
    const end = starts[axis]! + sizes[axis]! * steps[axis]!;
    return end < 0 ? -(x!.shape[axis]! + 1) : end;
  });
  const startsOf = cut.map((axis) => starts[axis]!);
  const stepsOf = cut.map((axis) => steps[axis]!);
  const literals = [startsOf, ends, cut, stepsOf].map(int64Literal);
  // Without steps the runtime takes a faster path for blocks.
  return { type: 'Slice', inputs: [x!, ...(stepsOf.every((step) => step === 1) ? literals.slice(0, 3) : literals)] };
}

/** The transpose of a slice: entries go back to their places among zeros. */
function unslice(dy: Value, { inputs: [x], attributes }: Node<'Slice'>): Value {
  const forwards = ascending(attributes, dy);
  const spread = forwards.steps.reduce((value, step, axis) => spreadAxis(value, axis, step), forwards.value);
  const after = x!.shape.map((size, axis) => size - forwards.starts[axis]! - spread.shape[axis]!);
  return pad(spread, forwards.starts, after);
}

/** The same places visited in ascending order, with the cotangent turned round where the slice ran backwards. */
function ascending({ starts, sizes, steps }: SliceAttributes, dy: Value) {
  const backwards = allAxes(dy.rank).filter((axis) => steps[axis]! < 0);
  return {
    value: flip(dy, backwards),
    starts: starts.map((start, axis) =>
      steps[axis]! < 0 && sizes[axis]! > 0 ? start + (sizes[axis]! - 1) * steps[axis]! : start,
    ),
    steps: steps.map(Math.abs),
  };
}

/** Puts step−1 zeros between neighbours along an axis, by padding a new axis behind it and folding that away. */
function spreadAxis(value: Value, axis: number, step: number): Value {
  const size = value.shape[axis]!;
  if (step === 1 || size <= 1) return value;
  const head = value.shape.slice(0, axis);
  const tail = value.shape.slice(axis + 1);
  const columns = reshape(value, [...head, size, 1, ...tail]);
  const after = columns.shape.map((_, i) => (i === axis + 1 ? step - 1 : 0));
  const padded = pad(
    columns,
    columns.shape.map(() => 0),
    after,
  );
  const folded = reshape(padded, [...head, size * step, ...tail]);
  // The zeros behind the last entry are dropped: what follows it is padded later, up to the size of the input.
  return sliceExact(
    folded,
    folded.shape.map(() => 0),
    withSize(folded.shape, axis, (size - 1) * step + 1),
    folded.shape.map(() => 1),
  );
}
