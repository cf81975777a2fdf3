import type { OpName } from '../attributes.ts';
import { unpackNumbers } from '../dtype.ts';
import type { Node, Value } from '../ir.ts';
import { type Shape, sizeOf } from '../shape.ts';

/**
 * Exporters write the arithmetic of shapes as nodes: Shape, Gather, Concat, Unsqueeze… Shapes are fixed here, so whatever hangs on them alone is
 * known while the graph is built. Only small tensors are followed; ONNX Runtime folds the large ones itself.
 */
const largestKnown = 65_536;

type Numbers = ArrayLike<number>;
type Known = (node: Node, inputs: readonly Numbers[], output: number) => Numbers;

const cache = new WeakMap<Value, Numbers | null>();

/** The numbers of a value that depends on constants alone; undefined for what is fed, or is too large or too rare to be followed. */
export function knownNumbers(value: Value): Numbers | undefined {
  const cached = cache.get(value);
  if (cached !== undefined) return cached ?? undefined;
  const numbers = sizeOf(value.shape) > largestKnown ? undefined : compute(value);
  cache.set(value, numbers ?? null);
  return numbers;
}

function compute({ source, dtype }: Value): Numbers | undefined {
  if (source.kind === 'constant') return unpackNumbers(source.data, dtype);
  if (source.kind === 'input') return undefined;
  const { node, index } = source;
  const rule = rules[node.op];
  if (rule === undefined) return undefined;
  const inputs: Numbers[] = [];
  for (const input of node.inputs) {
    const numbers = knownNumbers(input);
    if (numbers === undefined) return undefined;
    inputs.push(numbers);
  }
  const numbers = rule(node, inputs, index);
  return dtype === 'float32' ? Float32Array.from(numbers) : numbers;
}

/** Operations that the arithmetic of shapes is made of. */
const rules: { readonly [Op in OpName]?: Known } = {
  Add: pairs((a, b) => a + b),
  Sub: pairs((a, b) => a - b),
  Mul: pairs((a, b) => a * b),
  Div: pairs((a, b, isWhole) => (isWhole ? Math.trunc(a / b) : a / b)),
  Pow: pairs((a, b) => a ** b),
  Mod: pairs((a, b) => a - b * Math.floor(a / b)),
  Max: pairs((a, b) => Math.max(a, b)),
  Min: pairs((a, b) => Math.min(a, b)),
  Equal: pairs((a, b) => Number(a === b)),
  Greater: pairs((a, b) => Number(a > b)),
  GreaterOrEqual: pairs((a, b) => Number(a >= b)),
  Less: pairs((a, b) => Number(a < b)),
  LessOrEqual: pairs((a, b) => Number(a <= b)),
  And: pairs((a, b) => Number(a !== 0 && b !== 0)),
  Or: pairs((a, b) => Number(a !== 0 || b !== 0)),
  Not: single((a) => Number(a === 0)),
  Neg: single((a) => -a),
  Abs: single(Math.abs),
  Sqrt: single(Math.sqrt),
  Reciprocal: single((a) => 1 / a),
  Floor: single(Math.floor),
  Identity: single((a) => a),
  Cast: (node, [a]) => {
    const to = node.outputs[0]!.dtype;
    const isWhole = to === 'int64' || to === 'int32' || to === 'uint8';
    return Array.from(a!, (value) => (to === 'bool' ? Number(value !== 0) : isWhole ? Math.trunc(value) : value));
  },
  Where: (node, inputs) => {
    const { shape } = node.outputs[0]!;
    const [condition, a, b] = inputs.map((numbers, i) => stretched(numbers, node.inputs[i]!.shape, shape));
    return filledBy(shape, (at) => (condition!(at) === 0 ? b!(at) : a!(at)));
  },
  Reshape: (_node, [a]) => a!,
  Expand: (node, [a]) => filledBy(node.outputs[0]!.shape, stretched(a!, node.inputs[0]!.shape, node.outputs[0]!.shape)),
  Transpose: (node, [a]) => {
    const { perm } = attributesOf(node, 'Transpose');
    return moved(node, a!, (place) => place.map((_, axis) => place[perm.indexOf(axis)]!));
  },
  Slice: (node, [a]) => {
    const { starts, steps } = attributesOf(node, 'Slice');
    return moved(node, a!, (place) => place.map((at, axis) => starts[axis]! + at * steps[axis]!));
  },
  Gather: (node, [a, indices]) => {
    const { axis } = attributesOf(node, 'Gather');
    const [data, picked] = [node.inputs[0]!.shape, node.inputs[1]!.shape];
    return moved(node, a!, (place) => {
      const behind = axis + picked.length;
      const at = indices![flatIndex(place.slice(axis, behind), picked)]!;
      return [...place.slice(0, axis), at < 0 ? at + data[axis]! : at, ...place.slice(behind)];
    });
  },
  Concat: (node, inputs) => {
    const { axis } = attributesOf(node, 'Concat');
    const { shape } = node.outputs[0]!;
    return filledBy(shape, (flat) => {
      const place = placeOf(flat, shape);
      let part = 0;
      for (; place[axis]! >= node.inputs[part]!.shape[axis]!; part++) place[axis]! -= node.inputs[part]!.shape[axis]!;
      return inputs[part]![flatIndex(place, node.inputs[part]!.shape)]!;
    });
  },
  Split: (node, [a], output) => {
    const { axis, sizes } = attributesOf(node, 'Split');
    const before = sizes.slice(0, output).reduce((sum, size) => sum + size, 0);
    const { shape } = node.outputs[output]!;
    return filledBy(shape, (flat) => {
      const place = placeOf(flat, shape);
      place[axis]! += before;
      return a![flatIndex(place, node.inputs[0]!.shape)]!;
    });
  },
  Range: (node) => {
    const { start, step, length } = attributesOf(node, 'Range');
    return Array.from({ length }, (_, i) => start + i * step);
  },
};

function attributesOf<Op extends OpName>(node: Node, _op: Op): Node<Op>['attributes'] {
  return node.attributes as Node<Op>['attributes'];
}

function single(change: (a: number) => number): Known {
  return (_node, [a]) => Array.from(a!, change);
}

function pairs(combine: (a: number, b: number, isWhole: boolean) => number): Known {
  return (node, [a, b]) => {
    const { shape } = node.outputs[0]!;
    const [left, right] = [stretched(a!, node.inputs[0]!.shape, shape), stretched(b!, node.inputs[1]!.shape, shape)];
    const isWhole = !node.inputs[0]!.dtype.startsWith('float');
    return filledBy(shape, (flat) => combine(left(flat), right(flat), isWhole));
  };
}

/** The output entry by entry: `sourceOf` tells where in the input an entry of the output comes from. */
function moved(node: Node, a: Numbers, sourceOf: (place: readonly number[]) => readonly number[]): Numbers {
  const { shape } = node.outputs[0]!;
  const from = node.inputs[0]!.shape;
  return filledBy(shape, (flat) => a[flatIndex(sourceOf(placeOf(flat, shape)), from)]!);
}

function filledBy(shape: Shape, entry: (flat: number) => number): Numbers {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => entry(flat));
}

/** Reads entry i of the tensor stretched to a shape. */
function stretched(numbers: Numbers, own: Shape, shape: Shape): (flat: number) => number {
  const missing = shape.length - own.length;
  return (flat) => {
    const place = placeOf(flat, shape).slice(missing);
    return numbers[
      flatIndex(
        place.map((at, axis) => (own[axis] === 1 ? 0 : at)),
        own,
      )
    ]!;
  };
}

function placeOf(flat: number, shape: Shape): number[] {
  const place = new Array<number>(shape.length);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

function flatIndex(place: readonly number[], shape: Shape): number {
  return place.reduce((flat, at, axis) => flat * shape[axis]! + at, 0);
}
