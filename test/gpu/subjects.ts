// The networks that are timed on a GPU: those of the engine's bench, and two that are large enough for one.

import { split, type Value } from '../../src/graph/index.ts';
import { weightedCrossEntropy } from '../../src/nn/losses.ts';
import { languageModel } from '../../src/nn/networks/languageModel.ts';
import { unetField } from '../../src/nn/networks/unet.ts';
import { adaptiveLoss, instantErrors, intervalErrors, joinParts } from '../../src/recipes/meanflow/loss.ts';
import { subjects as benchSubjects, intervalInputs, type Subject } from '../bench/engine/subjects.ts';

export interface GpuSubject extends Subject {
  /** What PyTorch must be told beside the shapes. */
  readonly settings: Readonly<Record<string, number>>;
  /** Against which setting of PyTorch, in bf16, the ratio is to reach what. */
  readonly aim?: { readonly against: 'eager' | 'compile'; readonly ratio: number };
}

/** The U-Net of 51 million parameters (width 128) at batch 64, of which a part has a derivative along its path; a transformer at a batch that fills a GPU. */
const large: readonly GpuSubject[] = [
  meanFlowParts('unet51r75', 64, 48, { width: 128, halvings: 4 }),
  meanFlowParts('unet51r25', 64, 16, { width: 128, halvings: 4 }),
  transformer('transformer64', 64),
];

/** For a look without a GPU. */
const tiny: readonly GpuSubject[] = [
  meanFlowParts('unetTiny', 4, 1, { width: 16, halvings: 1 }),
  { ...benchSubjects[0]!, settings: {} },
];

export function gpuSubjects(small: boolean): readonly GpuSubject[] {
  return small ? tiny : [...large, ...benchSubjects.map((subject) => ({ ...subject, settings: {} }))];
}

function meanFlowParts(
  id: string,
  batch: number,
  intervals: number,
  { width, halvings }: { readonly width: number; readonly halvings: number },
): GpuSubject {
  const field = unetField(
    { height: 32, width: 32, channels: 3 },
    { width, halvings, blocks: 1, heads: 4, classes: 10 },
  );
  return {
    id,
    title: `MeanFlow step, U-Net of width ${width} with ${halvings} halvings, batch ${batch}, ratio ${intervals / batch}`,
    goal: 1,
    turn: 10,
    convolutional: true,
    settings: { intervals },
    aim: { against: 'eager', ratio: 1 },
    inputs: intervalInputs(batch, field.stateShape),
    loss(scope, inputs) {
      const velocity = (at: Parameters<typeof field.evaluate>[1]) => field.evaluate(scope, at);
      const cut = (name: string) => split(inputs[name]!, [intervals, batch - intervals], 0);
      const part = (which: 0 | 1) => {
        const pick = (name: string) => cut(name)[which] as Value;
        return { data: pick('data'), noise: pick('noise'), labels: pick('labels'), t: pick('t') };
      };
      const [first, rest] = [part(0), part(1)];
      const interval = intervalErrors(velocity, { ...first, r: cut('r')[0] as Value });
      const instant = instantErrors(velocity, { ...rest, r: rest.t });
      return adaptiveLoss(joinParts([interval.squaredError, instant.squaredError]), 1e-3, 0.5);
    },
  };
}

function transformer(id: string, batch: number): GpuSubject {
  return {
    id,
    title: `Transformer, 6 layers, 256 wide, sequence 256, batch ${batch}`,
    goal: 0.7,
    turn: 10,
    settings: {},
    aim: { against: 'compile', ratio: 0.7 },
    inputs: [
      { name: 'ids', shape: [batch, 256], kind: 'class', classes: 1024 },
      { name: 'targets', shape: [batch, 256], kind: 'class', classes: 1024 },
      { name: 'weights', shape: [batch, 256], kind: 'uniform' },
    ],
    loss: (scope, { ids, targets, weights }) => {
      const options = { vocabulary: 1024, width: 256, layers: 6, heads: 8, causal: true };
      return weightedCrossEntropy(languageModel(scope, ids!, options), targets!, weights!);
    },
  };
}
