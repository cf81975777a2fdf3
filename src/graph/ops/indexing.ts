import { gather, gatherElements } from '../build/indexing.ts';
import { reshape, transpose } from '../build/movement.ts';
import { cast } from '../build/unary.ts';
import type { Node, OpTable, Value } from '../ir.ts';
import { intAttribute, stringAttribute } from '../onnx/model.ts';
import { allAxes, refuse, sameShape, showShape, sizeOf } from '../shape.ts';
import { sameDType, zeros } from './helpers.ts';

type IndexingOp = 'Gather' | 'GatherElements' | 'ScatterElementsAdd' | 'ScatterAdd' | 'Range';

export const indexingOps: OpTable<IndexingOp> = {
  // Rows are copied; the transpose adds every row of the cotangent back to where it came from.
  Gather: {
    infer: ([x, indices], { axis }) => {
      needIndices('gather', indices!);
      return [{ shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)], dtype: x!.dtype }];
    },
    onnx: ({ inputs, attributes: { axis } }) => ({ type: 'Gather', inputs, attributes: { axis: intAttribute(axis) } }),
    vjp: (node, [dy]) => [dy ? scatterBack(dy, node) : null, null],
    jvp: ({ inputs: [, indices], attributes: { axis } }, [dx]) => [dx ? gather(dx, indices!, axis) : null],
  },
  // Entry by entry along one axis; the transpose adds every entry back to its place.
  GatherElements: {
    infer: ([x, indices], { axis }) => {
      needIndices('gatherElements', indices!);
      checkElementwise('gatherElements', x!, indices!, axis);
      return [{ shape: indices!.shape, dtype: x!.dtype }];
    },
    onnx: ({ inputs, attributes: { axis } }) => ({
      type: 'GatherElements',
      inputs,
      attributes: { axis: intAttribute(axis) },
    }),
    vjp: ({ inputs: [x, indices], attributes }, [dy]) => [
      dy ? dy.graph.apply('ScatterElementsAdd', [zeros(x!), indices!, dy], attributes)[0]! : null,
      null,
    ],
    jvp: ({ inputs: [, indices], attributes: { axis } }, [dx]) => [dx ? gatherElements(dx, indices!, axis) : null],
  },
  // https://onnx.ai/onnx/operators/onnx__ScatterElements.html with reduction "add"
  ScatterElementsAdd: {
    infer: ([data, indices, updates], { axis }) => {
      needIndices('scatterElementsAdd', indices!);
      checkElementwise('scatterElementsAdd', data!, indices!, axis);
      sameDType('scatterElementsAdd', [data!, updates!]);
      if (!sameShape(indices!.shape, updates!.shape)) {
        throw refuse(
          `scatterElementsAdd needs one index per update, not ${showShape(indices!.shape)} for ${showShape(updates!.shape)}.`,
        );
      }
      return [{ shape: data!.shape, dtype: data!.dtype }];
    },
    onnx: ({ inputs, attributes: { axis } }) => ({
      type: 'ScatterElements',
      inputs,
      attributes: { axis: intAttribute(axis), reduction: stringAttribute('add') },
    }),
    vjp: ({ inputs: [, indices], attributes: { axis } }, [dy], needs) => [
      needs[0] ? dy! : null,
      null,
      needs[2] ? gatherElements(dy!, indices!, axis) : null,
    ],
    jvp: ({ inputs: [data, indices], attributes }, [dData, , dUpdates]) => {
      if (!dUpdates) return [dData ?? null];
      return [data!.graph.apply('ScatterElementsAdd', [dData ?? zeros(data!), indices!, dUpdates], attributes)[0]!];
    },
  },
  // y = data + Σ updates at their rows. https://onnx.ai/onnx/operators/onnx__ScatterND.html with reduction "add"
  ScatterAdd: {
    infer: ([data, indices, updates]) => {
      if (indices!.dtype !== 'int64')
        throw refuse(`scatterNdAdd needs int64 indices, not ${indices!.dtype}.`, 'Convert with cast().');
      sameDType('scatterNdAdd', [data!, updates!]);
      const wanted = [indices!.shape[0]!, ...data!.shape.slice(1)];
      if (!sameShape(updates!.shape, wanted)) {
        throw refuse(`scatterNdAdd needs updates of shape ${showShape(wanted)}, not ${showShape(updates!.shape)}.`);
      }
      return [{ shape: data!.shape, dtype: data!.dtype }];
    },
    onnx: ({ inputs }) => ({ type: 'ScatterND', inputs, attributes: { reduction: stringAttribute('add') } }),
    vjp: ({ inputs: [, indices] }, [dy], needs) => [
      needs[0] ? dy! : null,
      null,
      needs[2] ? gather(dy!, reshape(indices!, [-1])) : null,
    ],
    jvp: ({ inputs: [data, indices] }, [dData, , dUpdates]) => {
      if (!dUpdates) return [dData ?? null];
      return [data!.graph.apply('ScatterAdd', [dData ?? zeros(data!), indices!, dUpdates], {})[0]!];
    },
  },
  Range: {
    infer: (_inputs, { length, dtype }) => [{ shape: [length], dtype }],
    onnx: ({ attributes: { start, step, length, dtype } }) => ({
      type: 'Range',
      inputs: [start, start + step * length, step].map((value) => ({ dtype, shape: [], values: [value] })),
    }),
    vjp: 'zero',
    jvp: 'zero',
  },
};

/** The transpose of a gather, through a view in which the gathered axis comes first. */
function scatterBack(dy: Value, { inputs: [x, indices], attributes: { axis } }: Node<'Gather'>): Value {
  const count = sizeOf(indices!.shape);
  const rest = allAxes(x!.rank).filter((other) => other !== axis);
  const front = [axis, ...rest];
  const rows = reshape(dy, [...x!.shape.slice(0, axis), count, ...x!.shape.slice(axis + 1)]);
  const empty = transpose(zeros(x!), front);
  const sum = addRows(empty, reshape(cast(indices!, 'int64'), [count, 1]), transpose(rows, front));
  const back = allAxes(x!.rank).map((_, place) => front.indexOf(place));
  return transpose(sum, back);
}

function checkElementwise(what: string, x: Value, indices: Value, axis: number): void {
  const fits = x.rank === indices.rank && indices.shape.every((size, i) => i === axis || size <= x.shape[i]!);
  if (!fits) {
    throw refuse(
      `${what} along axis ${axis} cannot take indices ${showShape(indices.shape)} of ${showShape(x.shape)}.`,
    );
  }
}

function addRows(data: Value, indices: Value, updates: Value): Value {
  return data.graph.apply('ScatterAdd', [data, indices, updates], {})[0]!;
}

function needIndices(what: string, indices: Value): void {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32') {
    throw refuse(`${what} needs int64 or int32 indices, not ${indices.dtype}.`, 'Convert with cast().');
  }
}
