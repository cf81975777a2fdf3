// The networks whose training steps are timed. torchPeer.py holds the same ones, by the same names of parameters.
import { mul, reduceMean, sub, type Value } from '../../../src/graph/index.ts';
import { crossEntropy } from '../../../src/nn/losses.ts';
import { mlpClassifier } from '../../../src/nn/networks/classifiers.ts';
import { ditField } from '../../../src/nn/networks/dit.ts';
import { unetField } from '../../../src/nn/networks/unet.ts';
import type { Scope } from '../../../src/nn/scope.ts';
import type { FieldInputs, VectorField } from '../../../src/nn/vectorField.ts';

export interface SubjectInput {
  readonly name: string;
  readonly shape: readonly number[];
  /** Standard normal numbers, numbers from 0 to 1, or classes from 0 to 9. */
  readonly kind: 'normal' | 'uniform' | 'class';
}

export interface Subject {
  readonly id: string;
  readonly title: string;
  readonly goal: number;
  /** Steps of one turn: some tenths of a second. */
  readonly turn: number;
  readonly inputs: readonly SubjectInput[];
  loss(scope: Scope, inputs: Readonly<Record<string, Value>>): Value;
}

const CLASSES = 10;

export const subjects: readonly Subject[] = [
  {
    id: 'mlp',
    title: 'MLP 784-512-512-10, batch 128',
    goal: 1.3,
    turn: 20,
    inputs: [
      { name: 'x', shape: [128, 784], kind: 'normal' },
      { name: 'y', shape: [128], kind: 'class' },
    ],
    loss: (scope, { x, y }) =>
      reduceMean(crossEntropy(mlpClassifier(scope, x!, { width: 512, classes: CLASSES }), y!), [0], false),
  },
  fieldSubject({
    id: 'dit',
    title: 'DiT 28×28, patch 7, width 128, 4 layers, batch 64',
    goal: 1.3,
    turn: 5,
    batch: 64,
    field: ditField(
      { height: 28, width: 28, channels: 1 },
      { patch: 7, width: 128, layers: 4, heads: 4, classes: CLASSES, activation: 'squaredRelu' },
    ),
  }),
  fieldSubject({
    id: 'unet',
    title: 'U-Net 32×32×3, width 32, 2 halvings, batch 8',
    goal: 0.8,
    turn: 3,
    batch: 8,
    field: unetField(
      { height: 32, width: 32, channels: 3 },
      { width: 32, halvings: 2, blocks: 1, heads: 4, classes: CLASSES },
    ),
  }),
];

interface FieldSubject extends Pick<Subject, 'id' | 'title' | 'goal' | 'turn'> {
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
