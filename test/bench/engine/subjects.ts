// The networks whose training steps are timed. torchPeer.py holds the same ones, by the same names of parameters.
import { add, mul, reduceMean, relu, sub, type Value } from '../../../src/graph/index.ts';
import { attention } from '../../../src/nn/attention.ts';
import { conv2d, linear } from '../../../src/nn/layers.ts';
import { crossEntropy, weightedCrossEntropy } from '../../../src/nn/losses.ts';
import { byteNet } from '../../../src/nn/networks/byteNet.ts';
import { mlpClassifier } from '../../../src/nn/networks/classifiers.ts';
import { ditField } from '../../../src/nn/networks/dit.ts';
import { languageModel } from '../../../src/nn/networks/languageModel.ts';
import { unetField } from '../../../src/nn/networks/unet.ts';
import { rootMeanSquareNorm } from '../../../src/nn/normalization.ts';
import type { Scope } from '../../../src/nn/scope.ts';
import type { FieldInputs, VectorField } from '../../../src/nn/vectorField.ts';
import { adaptiveLoss, intervalErrors } from '../../../src/recipes/meanflow/loss.ts';
import { resnet18 } from './resnet.ts';

export interface SubjectInput {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard normal numbers, numbers from 0 to 1, or whole numbers from 0 to below `classes`. */
  readonly kind: 'normal' | 'uniform' | 'class';
  /** 10 by default. */
  readonly classes?: number;
}

export interface Subject {
  readonly id: string;
  readonly title: string;
  /** Against the fastest setting of PyTorch. */
  readonly goal: number;
  /** Steps of one turn: some tenths of a second to two, and at most as many as a run has in one call. */
  readonly turn: number;
  /** Whether the peer is tried with channels last, which helps convolutions only. */
  readonly convolutional?: boolean;
  readonly inputs: readonly SubjectInput[];
  loss(scope: Scope, inputs: Readonly<Record<string, Value>>): Value;
}

const CLASSES = 10;

/** What can be written in the JavaScript libraries as well, which are too slow for the others. */
export const smallSubjects: readonly Subject[] = [
  {
    id: 'smallConv',
    title: 'Two convolutions and a dense layer, 28×28×1, batch 4',
    goal: 5,
    turn: 5,
    inputs: [
      { name: 'x', shape: [4, 1, 28, 28], kind: 'normal' },
      { name: 'y', shape: [4], kind: 'class' },
    ],
    loss: (scope, { x, y }) => {
      const first = scope.within('conv0', (inner) => relu(conv2d(inner, x!, 16)));
      const second = scope.within('conv1', (inner) => relu(conv2d(inner, first, 32, { stride: 2 })));
      const logits = scope.within('output', (inner) => linear(inner, reduceMean(second, [2, 3], false), CLASSES));
      return reduceMean(crossEntropy(logits, y!), [0], false);
    },
  },
  {
    id: 'block',
    title: 'Transformer block, 128 wide, 64 tokens, batch 16',
    goal: 5,
    turn: 5,
    inputs: [
      { name: 'x', shape: [16, 64, 128], kind: 'normal' },
      { name: 'target', shape: [16, 64, 128], kind: 'normal' },
    ],
    loss: (scope, { x, target }) => {
      const between = add(x!, attention(scope, rootMeanSquareNorm(x!), { heads: 4 }));
      const wide = scope.within('up', (inner) =>
        relu(linear(inner, rootMeanSquareNorm(between), 512, { bias: false })),
      );
      const fed = scope.within('down', (inner) => linear(inner, wide, 128, { bias: false }));
      const error = sub(add(between, fed), target!);
      return reduceMean(mul(error, error), undefined, false);
    },
  },
];

const imageUnet = unetField(
  { height: 32, width: 32, channels: 3 },
  { width: 32, halvings: 2, blocks: 1, heads: 4, classes: CLASSES },
);

export const subjects: readonly Subject[] = [
  {
    id: 'mlp',
    title: 'MLP 784-512-512-10, batch 128',
    goal: 1,
    turn: 20,
    inputs: [
      { name: 'x', shape: [128, 784], kind: 'normal' },
      { name: 'y', shape: [128], kind: 'class' },
    ],
    loss: (scope, { x, y }) =>
      reduceMean(crossEntropy(mlpClassifier(scope, x!, { width: 512, classes: CLASSES }), y!), [0], false),
  },
  {
    id: 'resnet',
    title: 'ResNet-18, 32×32×3, batch 8',
    goal: 0.9,
    turn: 5,
    convolutional: true,
    inputs: [
      { name: 'x', shape: [8, 3, 32, 32], kind: 'normal' },
      { name: 'y', shape: [8], kind: 'class' },
    ],
    loss: (scope, { x, y }) => reduceMean(crossEntropy(resnet18(scope, x!, CLASSES), y!), [0], false),
  },
  fieldSubject({
    id: 'unet',
    title: 'U-Net 32×32×3, width 32, 2 halvings, batch 8',
    goal: 0.9,
    turn: 6,
    convolutional: true,
    batch: 8,
    field: imageUnet,
  }),
  meanFlowSubject({
    id: 'meanflow',
    title: 'MeanFlow step of the U-Net (derivative along the path, then gradient), batch 4',
    goal: 0.9,
    turn: 6,
    convolutional: true,
    batch: 4,
    field: imageUnet,
  }),
  fieldSubject({
    id: 'dit',
    title: 'DiT 28×28, patch 7, width 128, 4 layers, batch 64',
    goal: 1,
    turn: 10,
    batch: 64,
    field: ditField(
      { height: 28, width: 28, channels: 1 },
      { patch: 7, width: 128, layers: 4, heads: 4, classes: CLASSES, activation: 'squaredRelu' },
    ),
  }),
  fieldSubject({
    id: 'dits',
    title: 'DiT-S/4 with 6 of its 12 layers, 32×32×3, batch 4',
    goal: 1,
    turn: 8,
    batch: 4,
    field: ditField(
      { height: 32, width: 32, channels: 3 },
      { patch: 4, width: 384, layers: 6, heads: 6, classes: CLASSES, activation: 'gelu' },
    ),
  }),
  {
    id: 'transformer',
    title: 'Transformer, 6 layers, 256 wide, sequence 256, batch 4',
    goal: 1,
    turn: 4,
    inputs: [
      { name: 'ids', shape: [4, 256], kind: 'class', classes: 1024 },
      { name: 'targets', shape: [4, 256], kind: 'class', classes: 1024 },
      { name: 'weights', shape: [4, 256], kind: 'uniform' },
    ],
    loss: (scope, { ids, targets, weights }) => {
      const options = { vocabulary: 1024, width: 256, layers: 6, heads: 8, causal: true };
      return weightedCrossEntropy(languageModel(scope, ids!, options), targets!, weights!);
    },
  },
  {
    id: 'bytenet',
    title: 'ByteNet, 8 layers, 128 wide, kernel 9, sequence 512, batch 4',
    goal: 0.9,
    turn: 5,
    inputs: [
      { name: 'ids', shape: [4, 512], kind: 'class', classes: 7 },
      { name: 'targets', shape: [4, 512], kind: 'class', classes: 7 },
      { name: 'weights', shape: [4, 512], kind: 'uniform' },
    ],
    loss: (scope, { ids, targets, weights }) => {
      const options = { vocabulary: 7, width: 128, layers: 8, firstKernel: 9, kernel: 9, dilationCycle: 6 };
      return weightedCrossEntropy(byteNet(scope, ids!, options), targets!, weights!);
    },
  },
];

interface FieldSubject extends Pick<Subject, 'id' | 'title' | 'goal' | 'turn' | 'convolutional'> {
  readonly batch: number;
  readonly field: VectorField;
}

/** A field that learns a target by its mean squared error. */
function fieldSubject(of: FieldSubject): Subject {
  const { batch, field } = of;
  const states = [batch, ...field.stateShape];
  return {
    ...of,
    inputs: [
      { name: 'state', shape: states, kind: 'normal' },
      { name: 'r', shape: [batch, 1], kind: 'uniform' },
      { name: 't', shape: [batch, 1], kind: 'uniform' },
      { name: 'labels', shape: [batch], kind: 'class' },
      { name: 'target', shape: states, kind: 'normal' },
    ],
    loss(scope, inputs) {
      const error = sub(field.evaluate(scope, inputs as unknown as FieldInputs), inputs['target']!);
      return reduceMean(mul(error, error), undefined, false);
    },
  };
}

/** What a step that learns mean velocities is given. */
export function intervalInputs(batch: number, stateShape: readonly number[]): Subject['inputs'] {
  const states = [batch, ...stateShape];
  return [
    { name: 'data', shape: states, kind: 'normal' },
    { name: 'noise', shape: states, kind: 'normal' },
    { name: 'r', shape: [batch, 1], kind: 'uniform' },
    { name: 't', shape: [batch, 1], kind: 'uniform' },
    { name: 'labels', shape: [batch], kind: 'class' },
  ];
}

/** A field that learns its mean velocity, as the recipe has it for examples with r < t. */
function meanFlowSubject(of: FieldSubject): Subject {
  const { batch, field } = of;
  return {
    ...of,
    inputs: intervalInputs(batch, field.stateShape),
    loss(scope, { data, noise, r, t, labels }) {
      const examples = { data: data!, noise: noise!, r: r!, t: t!, labels: labels! };
      const { squaredError } = intervalErrors((inputs) => field.evaluate(scope, inputs), examples);
      return adaptiveLoss(squaredError, 1e-3, 0.5);
    },
  };
}
