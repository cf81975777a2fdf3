import { mul, sub } from '../build/binary.ts';
import { reduceSum, unbroadcast } from '../build/reduction.ts';
import type { Node, OpTable, Value } from '../ir.ts';
import { allAxes, sizeOf } from '../shape.ts';
import { addTangents, sameAsInput, stretch } from './helpers.ts';

/** The inputs of Normalized: the first two are added; the others are what the sum depends on and what its derivatives are made of. */
interface Parts {
  readonly bias: Value;
  readonly x: Value;
  readonly centred: Value;
  readonly factor: Value;
  readonly spread: Value;
  readonly gain: Value;
}

/**
 * y = gain·n + bias, where n = centred·factor is x less its mean, times r = (variance + ε)^−½, both over some axes (batch norm: Ioffe and Szegedy, arXiv
 * 1502.03167; group norm: Wu and He, arXiv 1803.08494). The rules give the whole derivative along x, gain and bias and none along what is made of them:
 * sums over the places of a channel come first, and the rest is arithmetic on few numbers, which takes five passes over x instead of nine.
 */
export const normalizedOps: OpTable<'Normalized'> = {
  Normalized: {
    infer: sameAsInput,
    onnx: ({ inputs }) => ({ type: 'Add', inputs: inputs.slice(0, 2) }),
    // dx = r·(d − mean d − n·mean(d·n)) with d = gain·dy
    vjp: (node, [dy], needs) => {
      if (!dy) return node.inputs.map(() => null);
      const { bias, x, centred, factor, spread, gain } = partsOf(node);
      const places = allAxes(x.rank).filter((axis) => gain.shape[axis] === 1 && spread.shape[axis] === 1);
      const sum = reduceSum(dy, places);
      const along = mul(reduceSum(mul(dy, centred), places), factor);
      const { axes } = node.attributes;
      const share = 1 / sizeOf(axes.map((axis) => x.shape[axis]!));
      const meanOf = (sums: Value) => mul(reduceSum(mul(sums, gain), axes), share);
      const straight = mul(dy, mul(gain, spread));
      const throughSpread = mul(centred, mul(mul(meanOf(along), spread), factor));
      const dx = needs[2] ? sub(sub(straight, throughSpread), mul(meanOf(sum), spread)) : null;
      const dBias = needs[1] ? unbroadcast(sum, bias.shape) : null;
      const dGain = needs[6] ? unbroadcast(along, gain.shape) : null;
      return [null, dBias, dx, null, null, null, dGain];
    },
    jvp: (node, [, dBias, dx, , , , dGain]) => {
      const { x, centred, factor, spread, gain } = partsOf(node);
      const { axes } = node.attributes;
      const share = 1 / sizeOf(axes.map((axis) => x.shape[axis]!));
      const meanOf = (value: Value) => mul(reduceSum(value, axes), share);
      const scale = mul(gain, spread);
      const throughX = dx
        ? sub(
            mul(sub(dx, meanOf(dx)), scale),
            mul(centred, mul(scale, mul(mul(meanOf(mul(dx, centred)), factor), factor))),
          )
        : null;
      const throughGain = dGain ? mul(centred, mul(factor, dGain)) : null;
      return [stretch(addTangents(addTangents(throughX, throughGain), dBias ?? null), x.shape)];
    },
  },
};

function partsOf({ inputs }: Node<'Normalized'>): Parts {
  const [, bias, x, centred, factor, spread, gain] = inputs as readonly [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  return { bias, x, centred, factor, spread, gain };
}
