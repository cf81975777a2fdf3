// What is trained for the curves: real networks on small data, of which every batch is seen once.
import { cast, narrow, reshape, seededRandom } from '../../../src/graph/index.ts';
import { weightedCrossEntropy } from '../../../src/nn/losses.ts';
import { languageModel } from '../../../src/nn/networks/languageModel.ts';
import { unetField } from '../../../src/nn/networks/unet.ts';
import { collectParameters, readingScope, type Scope } from '../../../src/nn/scope.ts';
import { adaptiveLoss, intervalErrors } from '../../../src/recipes/meanflow/loss.ts';
import type { DataFacts, Program, StepInputs } from '../../../src/recipes/recipe.ts';
import type { ExampleArrays } from '../../../src/trainer/data/dataSet.ts';
import { optimizer } from '../engine/ours.ts';

export const STEPS = 2000;
export const WARMUP = 100;

/** A network, its loss, and all the examples of its run. */
export interface CurveSubject {
  readonly id: 'meanflow' | 'transformer';
  readonly title: string;
  readonly batch: number;
  /** Tensors of an example, by name, as the examples have them. */
  readonly facts: DataFacts;
  readonly examples: ExampleArrays;
  readonly program: Program;
}

const settings = { ...optimizer, warmupSteps: WARMUP };

/** Side of the images: handwritten digits of 28 × 28, averaged over blocks of 2 × 2. */
export const SIDE = 14;

/** The MeanFlow step of a U-Net, with its derivative along the path: every example with noise and times of its own. */
export function flowSubject(images: Uint8Array, labels: Uint8Array): CurveSubject {
  const [batch, pixels, classes] = [8, SIDE * SIDE, 10];
  const count = STEPS * batch;
  const random = seededRandom(11);
  const width = 2 * pixels + 2;
  const features = new Float32Array(count * width);
  const classesOf = new BigInt64Array(count);
  for (let i = 0; i < count; i++) {
    const row = features.subarray(i * width, (i + 1) * width);
    const from = i % labels.length;
    classesOf[i] = BigInt(labels[from]!);
    for (let at = 0; at < pixels; at++) {
      row[at] = blockMean(images, from, at) / 127.5 - 1;
      row[pixels + at] = random.normal();
    }
    const times = [sigmoid(random.normal() - 0.4), sigmoid(random.normal() - 0.4)];
    row[2 * pixels] = Math.min(...times);
    row[2 * pixels + 1] = Math.max(...times);
  }
  const field = unetField(
    { height: SIDE, width: SIDE, channels: 1 },
    { width: 16, halvings: 1, blocks: 1, heads: 4, classes },
  );
  const loss = (scope: Scope, { batch: arrays }: Pick<StepInputs, 'batch'>) => {
    const part = (start: number, size: number) => narrow(arrays['features']!, 1, start, size);
    const image = (start: number) => reshape(part(start, pixels), [-1, 1, SIDE, SIDE]);
    const examples = { data: image(0), noise: image(pixels), r: part(2 * pixels, 1), t: part(2 * pixels + 1, 1) };
    const { squaredError } = intervalErrors((inputs) => field.evaluate(scope, inputs), {
      ...examples,
      labels: arrays['labels']!,
    });
    return adaptiveLoss(squaredError, 1e-3, 0.5);
  };
  const facts: DataFacts = {
    kind: 'arrays',
    examples: count,
    features: [width],
    targets: [],
    classes,
    featureScales: [],
    targetScales: [],
  };
  return {
    id: 'meanflow',
    title: `MeanFlow step of a U-Net (width 16, one halving) on digits of ${SIDE} × ${SIDE}, batch ${batch}`,
    batch,
    facts,
    examples: { features, labels: classesOf },
    program: programOf(batch, loss, (graph) => ({
      features: graph.input('features', [1, width]),
      labels: graph.input('labels', [1], 'int64'),
    })),
  };
}

/** A transformer that learns the next token of a random process of order two. */
export function tokenSubject(): CurveSubject {
  const [batch, window, vocabulary] = [8, 65, 64];
  const count = STEPS * batch;
  const tokens = Int32Array.from(process2(count * window, window, vocabulary));
  const options = { vocabulary, width: 64, layers: 3, heads: 8, causal: true };
  const loss = (scope: Scope, { batch: arrays }: Pick<StepInputs, 'batch'>) => {
    const ids = cast(arrays['tokens']!, 'int64');
    const seen = narrow(ids, 1, 0, window - 1);
    const ones = scope.graph.constant(new Float32Array(ids.shape[0]! * (window - 1)).fill(1), seen.shape);
    return weightedCrossEntropy(languageModel(scope, seen, options), narrow(ids, 1, 1, window - 1), ones);
  };
  const facts: DataFacts = {
    kind: 'tokens',
    examples: count,
    window,
    vocabulary: { kind: 'bytes', size: vocabulary, pad: 0 },
    weighted: false,
    classes: 0,
  };
  return {
    id: 'transformer',
    title: `Causal transformer (3 layers, 64 wide, ${window - 1} tokens) on a random process of order two, batch ${batch}`,
    batch,
    facts,
    examples: { tokens },
    program: programOf(batch, loss, (graph) => ({ tokens: graph.input('tokens', [1, window], 'int32') })),
  };
}

function programOf(
  batch: number,
  loss: (scope: Scope, inputs: Pick<StepInputs, 'batch'>) => ReturnType<Program['step']>['loss'],
  declare: (graph: Scope['graph']) => StepInputs['batch'],
): Program {
  return {
    parameters: collectParameters((scope) => void loss(scope, { batch: declare(scope.graph) })),
    batchSize: batch,
    optimizer: settings,
    step: (inputs) => ({ loss: loss(readingScope(inputs.graph, inputs.parameters), inputs), metrics: {} }),
    evaluations: [],
    model: { build: () => ({ inputs: [], outputs: {} }), metadata: {} },
  };
}

/** Each token depends on the two before it: one of four that they point to, the first of them most often. */
function* process2(count: number, window: number, vocabulary: number): Generator<number> {
  const random = seededRandom(5);
  const next = Int32Array.from({ length: vocabulary * vocabulary * 4 }, () =>
    Math.floor(random.uniform() * vocabulary),
  );
  let [before, last] = [0, 0];
  for (let i = 0; i < count; i++) {
    if (i % window === 0) [before, last] = [Math.floor(random.uniform() * 8), Math.floor(random.uniform() * 8)];
    const draw = random.uniform();
    const choice = draw < 0.7 ? 0 : 1 + Math.floor((draw - 0.7) * 10);
    // Of the token before the last, only three bits count, so that there are 512 contexts to learn.
    const token = next[((before % 8) * vocabulary + last) * 4 + Math.min(3, choice)]!;
    yield token;
    [before, last] = [last, token];
  }
}

function blockMean(images: Uint8Array, image: number, at: number): number {
  const [y, x] = [Math.floor(at / SIDE), at % SIDE];
  const corner = image * 784 + 56 * y + 2 * x;
  return (images[corner]! + images[corner + 1]! + images[corner + 28]! + images[corner + 29]!) / 4;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
