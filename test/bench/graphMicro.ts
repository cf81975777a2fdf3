// Micro-benchmarks behind the choices in src/graph: `node test/bench/graphMicro.ts [part of a subject's name]`. Prints the CPU time of
// each alternative, with the outputs reduced to one number so that copying them out does not count. It judges nothing.
import * as ort from 'onnxruntime-node';
import * as ops from '../../src/graph/index.ts';
import { inputGradient, inputGradientByColumns } from '../../src/graph/ops/inputGradient.ts';
import { weightGradient, weightGradientByColumns, weightGradientByTaps } from '../../src/graph/ops/weightGradient.ts';
import { attend, attendCausally } from '../../src/nn/attention.ts';

type Build = (graph: ops.Graph) => ops.Value;

interface Timed {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}

const ROUNDS = 15;

/** Named alternatives per subject. The first one of each is what src/graph does. */
const subjects: Readonly<Record<string, Readonly<Record<string, Build>>>> = {
  ...weightGradients([8, 32, 32, 32]),
  ...weightGradients([8, 64, 64, 16]),
  ...weightGradients([32, 64, 64, 7]),
  ...weightGradients([8, 256, 256, 8]),
  ...weightGradients([8, 512, 512, 4]),
  ...weightGradients([8, 64, 128, 32], 2),
  ...weightGradients([8, 256, 512, 8], 2),
  ...inputGradients([8, 32, 32, 32]),
  ...inputGradients([8, 64, 64, 16]),
  ...inputGradients([8, 128, 128, 8]),
  ...inputGradients([8, 512, 512, 4]),
  'sum of 2×2 blocks': {
    'average pool': (graph) => ops.sumBlocks(graph.input('x', [8, 32, 32, 32]), 2),
    'reshape and sum': (graph) =>
      ops.reduceSum(ops.reshape(graph.input('x', [8, 32, 32, 32]), [8, 32, 16, 2, 16, 2]), [3, 5], false),
  },
  'derivative of relu': {
    'product with the mask as numbers': (graph) => {
      const [x, d] = pair(graph, [768, 512]);
      return ops.mul(d, ops.cast(ops.greater(x, 0), 'float32'));
    },
    where: (graph) => {
      const [x, d] = pair(graph, [768, 512]);
      return ops.where(ops.greater(x, 0), d, 0);
    },
  },
  'forward and backward of x·sigmoid(x)': {
    silu: (graph) => backward(graph, [8, 32, 32, 32], ops.silu),
    'written out': (graph) => backward(graph, [8, 32, 32, 32], (x) => ops.mul(x, ops.sigmoid(x))),
  },
  'forward and backward of a scaled group norm': {
    'by sums per channel': (graph) => scaledNorm(graph, (x, gain, bias) => ops.groupNormalized(x, 8, { gain, bias })),
    'of single operations': (graph) =>
      scaledNorm(graph, (x, gain, bias) => {
        const standard = ops.reshape(ops.standardize(ops.reshape(x, [8, 8, -1])), x.shape);
        return ops.add(ops.mul(standard, ops.reshape(gain, [-1, 1, 1])), ops.reshape(bias, [-1, 1, 1]));
      }),
  },
  'forward and backward of causal attention': {
    'four blocks': (graph) => attention(graph, attendCausally),
    'whole, with a mask': (graph) =>
      attention(graph, (queries, keys, values) => {
        const [, , tokens] = queries.shape as [number, number, number];
        const ahead = (at: number) => at % tokens > Math.floor(at / tokens);
        const mask = Array.from({ length: tokens * tokens }, (_, at) => (ahead(at) ? -1e9 : 0));
        return attend(queries, keys, values, graph.constant(mask, [tokens, tokens]));
      }),
  },
  'forward and backward of a group norm': {
    standardize: (graph) => backward(graph, [64, 4096], (x) => ops.standardize(x)),
    'written out': (graph) => backward(graph, [64, 4096], standardizeWrittenOut),
  },
  'gradient of a bias': {
    'reduce over all but the channels': (graph) => ops.reduceSum(graph.input('d', [8, 32, 32, 32]), [0, 2, 3], false),
    'product with ones': (graph) => {
      const ones = graph.constant(new Float32Array(1024).fill(1), [1024, 1]);
      return ops.reduceSum(ops.matmul(ops.reshape(graph.input('d', [8, 32, 32, 32]), [8, 32, 1024]), ones), [0], false);
    },
  },
  '262144 normal numbers': { hash: (graph) => ops.randomNormal(graph.input('counter', [], 'int64'), [262144], 0) },
};

type ConvSize = readonly [batch: number, read: number, made: number, side: number];

/** dW of a 3×3 kernel with padding 1. */
function weightGradients([batch, read, made, side]: ConvSize, stride = 1): Record<string, Record<string, Build>> {
  const result = side / stride;
  const both = (apply: (x: ops.Value, dy: ops.Value) => ops.Value) => (graph: ops.Graph) =>
    apply(graph.input('x', [batch, read, side, side]), graph.input('dy', [batch, made, result, result]));
  const sides = [1, 1];
  const attributes = { strides: [stride, stride], dilations: sides, padBefore: sides, padAfter: sides, groups: 1 };
  const weights = [made, read, 3, 3];
  return {
    [`weight gradient ${batch}×${read}→${made}×${side}²${stride === 1 ? '' : ` in steps of ${stride}`}`]: {
      'what src/graph chooses': both((x, dy) => weightGradient(x, dy, weights, attributes)),
      'one product of all taps': both((x, dy) => weightGradientByColumns(x, dy, weights, attributes)),
      'one product per tap': both((x, dy) => weightGradientByTaps(x, dy, weights, attributes)),
      ...(stride > 1 ? {} : slowWeightGradients(both, [batch, read, made, side])),
    },
  };
}

type OfBoth = (apply: (x: ops.Value, dy: ops.Value) => ops.Value) => Build;

function slowWeightGradients(both: OfBoth, [batch, read, made, side]: ConvSize): Record<string, Build> {
  const places = side * side;
  return {
    'one product per tap and example': both((x, dy) => {
      const rows = ops.reshape(dy, [batch, made, places]);
      const products = tapsOf(x).map((tap) => ops.matmul(rows, ops.swapLast(ops.reshape(tap, [batch, read, places]))));
      return ops.reduceSum(ops.concat(products, 1), [0]);
    }),
    'one product of all taps per example': both((x, dy) => {
      const columns = ops.reshape(ops.concat(tapsOf(x), 1), [batch, 9 * read, places]);
      return ops.reduceSum(ops.matmul(ops.reshape(dy, [batch, made, places]), ops.swapLast(columns)), [0]);
    }),
    'convolution of x with dy': both((x, dy) =>
      ops.conv(ops.transpose(x, [1, 0, 2, 3]), ops.transpose(dy, [1, 0, 2, 3]), { padding: 1 }),
    ),
  };
}

/** dX of a 3×3 kernel with padding 1. */
function inputGradients([batch, read, made, side]: ConvSize): Record<string, Record<string, Build>> {
  const both = (apply: (dy: ops.Value, w: ops.Value) => ops.Value) => (graph: ops.Graph) =>
    apply(graph.input('dy', [batch, made, side, side]), graph.input('w', [made, read, 3, 3]));
  return {
    [`input gradient ${batch}×${read}→${made}×${side}²`]: {
      'what src/graph chooses': both((dy, w) => {
        const sides = [1, 1];
        const attributes = { strides: sides, dilations: sides, padBefore: sides, padAfter: sides, groups: 1 };
        return inputGradient(dy, w, [batch, read, side, side], attributes);
      }),
      'one product over the batch': both((dy, w) => {
        const sides = [1, 1];
        const attributes = { strides: sides, dilations: sides, padBefore: sides, padAfter: sides, groups: 1 };
        return inputGradientByColumns(dy, w, [batch, read, side, side], attributes);
      }),
      'convolution with the kernel turned round': both((dy, w) =>
        ops.conv(dy, ops.transpose(ops.flip(w, [2, 3]), [1, 0, 2, 3]), { padding: 1 }),
      ),
      'transposed convolution': both((dy, w) => ops.convTranspose(dy, w, { padding: 1 })),
    },
  };
}

function tapsOf(x: ops.Value): ops.Value[] {
  const [side] = x.shape.slice(2) as [number];
  const padded = ops.pad(x, [0, 0, 1, 1], [0, 0, 1, 1]);
  return Array.from({ length: 9 }, (_, tap) => {
    const starts = [Math.floor(tap / 3), tap % 3];
    return ops.slice(padded, { starts, ends: starts.map((start) => start + side), axes: [2, 3] });
  });
}

function backward(graph: ops.Graph, shape: ops.Shape, apply: (x: ops.Value) => ops.Value): ops.Value {
  const [x, d] = pair(graph, shape);
  const [gradient] = ops.grad(ops.reduceSum(ops.mul(apply(x), d), undefined, false), [x]);
  return gradient!;
}

function scaledNorm(graph: ops.Graph, apply: (x: ops.Value, gain: ops.Value, bias: ops.Value) => ops.Value): ops.Value {
  const [x, d] = pair(graph, [8, 64, 32, 32]);
  const [gain, bias] = ['gain', 'bias'].map((name) => graph.input(name, [64])) as [ops.Value, ops.Value];
  const loss = ops.reduceSum(ops.mul(apply(x, gain, bias), d), undefined, false);
  return sumOf(ops.grad(loss, [x, gain, bias]));
}

function attention(
  graph: ops.Graph,
  apply: (queries: ops.Value, keys: ops.Value, values: ops.Value) => ops.Value,
): ops.Value {
  const shape = [4, 8, 256, 32];
  const [queries, keys, values, d] = ['q', 'k', 'v', 'd'].map((name) => graph.input(name, shape)) as [
    ops.Value,
    ops.Value,
    ops.Value,
    ops.Value,
  ];
  const loss = ops.reduceSum(ops.mul(apply(queries, keys, values), d), undefined, false);
  return sumOf(ops.grad(loss, [queries, keys, values]));
}

function sumOf(values: readonly ops.Value[]): ops.Value {
  return values.map((value) => ops.reduceSum(value, undefined, false)).reduce((total, each) => ops.add(total, each));
}

function standardizeWrittenOut(x: ops.Value): ops.Value {
  const centred = ops.sub(x, ops.reduceMean(x, [-1]));
  const variance = ops.reduceMean(ops.mul(centred, centred), [-1]);
  return ops.mul(centred, ops.reciprocal(ops.sqrt(ops.add(variance, 1e-5))));
}

function pair(graph: ops.Graph, shape: ops.Shape): [ops.Value, ops.Value] {
  return [graph.input('x', shape), graph.input('d', shape)];
}

/** Interleaves the alternatives, so that a busy machine slows all of them alike, and prints their times. */
async function compare(subject: string, alternatives: Readonly<Record<string, Build>>): Promise<void> {
  const timed = await Promise.all(Object.entries(alternatives).map(([name, build]) => load(name, build)));
  for (const each of timed) await each.run();
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of timed) {
      const start = cpuMilliseconds();
      await each.run();
      each.times.push(cpuMilliseconds() - start);
    }
  }
  console.log(subject);
  for (const { name, times } of timed) {
    const sorted = times.toSorted((a, b) => a - b);
    const [least, median] = [sorted[0]!, sorted[ROUNDS >> 1]!].map((time) => time.toFixed(3));
    console.log(`  ${name.padEnd(44)} ${median} ms, at best ${least}`);
  }
}

async function load(name: string, build: Build): Promise<Timed> {
  const graph = new ops.Graph();
  const made = build(graph);
  // Without factors, ONNX Runtime would leave out transposes in front of the sum.
  const result = ops.reduceSum(ops.mul(made, graph.input('factors', made.shape)), undefined, false);
  const session = await ort.InferenceSession.create(ops.encodeModel(graph, { result }), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const random = ops.seededRandom(1);
  const feeds = Object.fromEntries(graph.inputs.map((input) => [ops.inputName(input), feedFor(input, random)]));
  return { name, run: () => session.run(feeds), times: [] };
}

function feedFor(input: ops.Value, random: ops.SeededRandom): ort.Tensor {
  const length = ops.sizeOf(input.shape);
  if (input.dtype === 'int64') return new ort.Tensor('int64', new BigInt64Array(length), input.shape);
  return new ort.Tensor('float32', Float32Array.from({ length }, random.normal), input.shape);
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const wanted = process.argv[2] ?? '';
for (const [subject, alternatives] of Object.entries(subjects)) {
  if (subject.includes(wanted)) await compare(subject, alternatives);
}
