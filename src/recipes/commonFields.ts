import { AppError } from '../base/errors.ts';
import type { ConfigField } from '../domain/config.ts';
import { valueAt } from '../domain/config.ts';
import { deviceChoices } from '../domain/device.ts';
import type { Json, JsonObject } from '../domain/json.ts';
import type { MetricDefinition } from '../domain/metricDefinition.ts';
import {
  type DecayGroup,
  type LearningRateSchedule,
  learningRateSchedules,
  type OptimizerName,
  type OptimizerSettings,
  optimizerNames,
  precisionNames,
} from './recipe.ts';

/** The keys that every recipe has and the trainer reads. A recipe may give other defaults, by key. */
export function commonFields(defaults: Readonly<Record<string, Json>>): readonly ConfigField[] {
  return [...runFields, ...optimizerFields].map((field) =>
    field.key in defaults ? { ...field, default: defaults[field.key]! } : field,
  );
}

/** How many examples a step takes; `of` says what an example is, for people. */
export function batchSizeField(
  size: number,
  { min = 1, of = 'Examples' }: { readonly min?: number; readonly of?: string } = {},
): ConfigField {
  return {
    key: 'batchSize',
    type: 'integer',
    default: size,
    min,
    max: 65536,
    unit: 'examples',
    description: `${of} per step.`,
  };
}

/** The optimizer's settings of a resolved configuration. */
export function optimizerSettings(config: JsonObject): OptimizerSettings {
  const read = (name: string) => valueAt(config, `optimizer.${name}`) as number;
  return {
    kind: valueAt(config, 'optimizer.kind') as OptimizerName,
    learningRate: read('learningRate'),
    beta1: read('beta1'),
    beta2: read('beta2'),
    epsilon: read('epsilon'),
    weightDecay: read('weightDecay'),
    warmupSteps: read('warmupSteps'),
    schedule: valueAt(config, 'optimizer.schedule') as LearningRateSchedule,
    finalFraction: read('finalFraction'),
    clipNorm: read('clipNorm'),
    emaDecay: read('emaDecay'),
    muon: {
      learningRate: read('muon.learningRate'),
      momentum: read('muon.momentum'),
      except: wordsOf(valueAt(config, 'optimizer.muon.except') as string),
    },
    decayGroups: wordsOf(valueAt(config, 'optimizer.decayGroups') as string).map(decayGroup),
  };
}

function wordsOf(list: string): readonly string[] {
  return list.split(/[\s,]+/).filter((word) => word !== '');
}

/** "embedding/*=0.1" */
function decayGroup(text: string): DecayGroup {
  const at = text.lastIndexOf('=');
  const weightDecay = Number(text.slice(at + 1));
  if (at > 0 && at < text.length - 1 && weightDecay >= 0 && Number.isFinite(weightDecay)) {
    return { pattern: text.slice(0, at), weightDecay };
  }
  throw new AppError('bad-config', `optimizer.decayGroups: "${text}" is no pattern with its decay.`, {
    hint: 'Write PATTERN=DECAY, for instance "embedding/*=0.1, *gain=0".',
  });
}

/** What the trainer logs for every recipe. */
export const commonMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/grad_norm',
    title: 'Gradient norm',
    unit: '',
    direction: 'none',
    version: 1,
    description: 'Euclidean length of the gradient of all parameters, before it is clipped.',
  },
  {
    tag: 'train/lr',
    title: 'Learning rate',
    unit: '',
    direction: 'none',
    version: 1,
    description: 'Learning rate of the step.',
  },
  {
    tag: 'train/loss_scale',
    title: 'Loss scale',
    unit: '',
    direction: 'none',
    version: 1,
    description: 'Factor of the loss ahead of differentiation, with precision=fp16. It falls where a step was skipped.',
  },
];

/** What `recompute` may be. */
export const recomputeChoices = ['auto', 'on', 'off'] as const;
export type RecomputeChoice = (typeof recomputeChoices)[number];

const runFields: readonly ConfigField[] = [
  {
    key: 'name',
    type: 'string',
    default: '',
    description: 'Name of the run and of its folder. Empty: the recipe and the time.',
  },
  { key: 'seed', type: 'integer', default: 0, min: 0, description: 'Seed of starting values, data order and noise.' },
  {
    key: 'device',
    type: 'choice',
    choices: deviceChoices,
    default: 'auto',
    description: 'What the run computes on. auto takes the first that works.',
  },
  {
    key: 'threads',
    type: 'integer',
    default: 2,
    min: 0,
    max: 256,
    description:
      'Threads of one operation on the CPU; 0: the fastest number is measured at the start and kept in config.yaml. A run is repeatable bit by bit at the same number only.',
  },
  {
    key: 'dataThreads',
    type: 'integer',
    default: 2,
    min: 0,
    max: 64,
    description:
      'Threads that read and decode data ahead while a step computes. Sets that lie in memory need none. 0: none.',
  },
  { key: 'steps', type: 'integer', default: 1000, min: 1, description: 'Number of training steps.' },
  {
    key: 'stepsPerRun',
    type: 'integer',
    default: 0,
    min: 0,
    max: 1000,
    description:
      'Steps that are fused into one call; 0: 20 on the CPU, elsewhere so many that handing the state over is less than 5 % of a call. A stop takes effect between two calls.',
  },
  {
    key: 'precision',
    type: 'choice',
    choices: precisionNames,
    default: 'fp32',
    description:
      'What matrix products and convolutions are computed in; weights and all else stay float32. bf16 needs CUDA to be faster. With fp16 the loss is scaled, and a step whose gradient overflows is skipped.',
  },
  {
    key: 'accumulate',
    type: 'integer',
    default: 1,
    min: 1,
    max: 4096,
    description:
      'Parts that a batch is cut into, which pass through the network one after another, so that a large batch fits into memory. batchSize must be a multiple of it.',
  },
  {
    key: 'recompute',
    type: 'choice',
    choices: recomputeChoices,
    default: 'auto',
    description:
      'Compute most of the forward pass a second time on the way back instead of keeping it (gradient checkpointing): a step takes up to a third longer and far less memory. auto: only where the run would not fit otherwise.',
  },
  {
    key: 'deterministic',
    type: 'boolean',
    default: false,
    description:
      'Take sums of gradients in one order also where the device is faster in any order (embeddings on CUDA). The run says how far it can be repeated.',
  },
  {
    key: 'logEvery',
    type: 'integer',
    default: 1,
    min: 1,
    unit: 'steps',
    description: 'Every how many steps a point of each training metric is logged.',
  },
  {
    key: 'checkpointEvery',
    type: 'integer',
    default: 500,
    min: 0,
    unit: 'steps',
    description: 'Every how many steps a checkpoint is kept; 0: at the end only.',
  },
  {
    key: 'keepCheckpoints',
    type: 'integer',
    default: 3,
    min: 1,
    description: 'How many of the latest checkpoints stay on disk.',
  },
  {
    key: 'sampleEvery',
    type: 'integer',
    default: 500,
    min: 0,
    unit: 'steps',
    description: 'Every how many steps samples are drawn; 0: at the end only.',
  },
  {
    key: 'evaluateEvery',
    type: 'integer',
    default: 500,
    min: 0,
    unit: 'steps',
    description: 'Every how many steps the evaluations run; 0: at the end only.',
  },
  {
    key: 'profile',
    type: 'boolean',
    default: false,
    description:
      'Look at a few steps before training: profile.md says where their time goes, profile.trace.json shows it in Perfetto.',
  },
  { key: 'resume', type: 'path', default: '', description: 'Checkpoint to go on from. Empty: start afresh.' },
];

const optimizerFields: readonly ConfigField[] = [
  {
    key: 'optimizer.kind',
    type: 'choice',
    choices: optimizerNames,
    default: 'adamw',
    description:
      'How parameters are updated. Lion wants a learning rate three to ten times smaller than AdamW, and beta2 0.99. Muon is for hidden matrices; AdamW then updates all else.',
  },
  { key: 'optimizer.learningRate', type: 'number', default: 0.001, min: 0, description: 'Highest learning rate.' },
  {
    key: 'optimizer.beta1',
    type: 'number',
    default: 0.9,
    min: 0,
    max: 1,
    description: 'Decay of the mean of gradients; the momentum of SGD.',
  },
  {
    key: 'optimizer.beta2',
    type: 'number',
    default: 0.999,
    min: 0,
    max: 1,
    description: 'AdamW: decay of the mean of squared gradients. Lion: decay of the mean of gradients that is kept.',
  },
  {
    key: 'optimizer.epsilon',
    type: 'number',
    default: 1e-8,
    min: 0,
    description: 'AdamW: added to the root of the mean of squares.',
  },
  {
    key: 'optimizer.weightDecay',
    type: 'number',
    default: 0,
    min: 0,
    description: 'Decoupled weight decay of matrices and kernels.',
  },
  {
    key: 'optimizer.decayGroups',
    type: 'string',
    default: '',
    description:
      'Other weight decays by name of the parameter: patterns with their decay, as in "embedding/*=0.1, *gain=0". The first that fits counts.',
  },
  {
    key: 'optimizer.muon.learningRate',
    type: 'number',
    default: 0.02,
    min: 0,
    description: 'Muon: highest learning rate of the hidden matrices. The others have optimizer.learningRate.',
  },
  {
    key: 'optimizer.muon.momentum',
    type: 'number',
    default: 0.95,
    min: 0,
    max: 0.9999,
    description: 'Muon: decay of the mean of gradients of the hidden matrices.',
  },
  {
    key: 'optimizer.muon.except',
    type: 'string',
    default: 'embedding/*, patches/*, in/*, conv0/*, out/*, output/*',
    description: 'Muon: names of matrices that AdamW updates, since they are those of a first or last layer.',
  },
  {
    key: 'optimizer.warmupSteps',
    type: 'integer',
    default: 100,
    min: 0,
    unit: 'steps',
    description: 'Steps of linear rise of the learning rate.',
  },
  {
    key: 'optimizer.schedule',
    type: 'choice',
    choices: learningRateSchedules,
    default: 'cosine',
    description: 'Course of the learning rate after the warm-up.',
  },
  {
    key: 'optimizer.finalFraction',
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    description: 'Last learning rate as a part of the highest.',
  },
  {
    key: 'optimizer.clipNorm',
    type: 'number',
    default: 1,
    min: 0,
    description: 'Longest gradient norm; longer ones are shortened to it. 0: no limit.',
  },
  {
    key: 'optimizer.emaDecay',
    type: 'number',
    default: 0.999,
    min: 0,
    max: 1,
    description: 'Decay per step of the averaged weights, which are sampled, evaluated and exported.',
  },
];
