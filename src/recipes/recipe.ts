import type { JsonObject } from '../domain/json.ts';
import type { RecipeInfo } from '../domain/recipe.ts';
import type { BaseGraph, OnnxModel, Value } from '../graph/index.ts';
import type { ParameterSpec, ParameterView } from '../nn/scope.ts';
import type { DataFacts, DataSetName, DataSetRequest, VocabularyFacts } from './data.ts';

export type { ParameterSpec, ParameterView } from '../nn/scope.ts';
export type { DataFacts, DataSetName, DataSetRequest, DataSplit, ImageFacts } from './data.ts';

/**
 * A training task as a plug-in: its configuration, network, loss, metrics and samples. The trainer owns everything else: the device,
 * the data loader, the optimizer, the averaged weights, the fused steps, checkpoints and the run directory. A recipe is pure: the
 * same configuration and data facts give the same program.
 */
export interface Recipe {
  readonly info: RecipeInfo;
  /** A name for checkpoints with the same parameters: `meanflow-dit-28x28x1-w128-l4`. Runs of equal architecture can share weights. */
  architecture(config: JsonObject, data: DataFacts): string;
  /** What the trainer must load before `build`. The first one is what the run trains on. */
  dataSets(config: JsonObject): readonly DataSetRequest[];
  /** The program for a configuration that was resolved without problems. Paths in it are absolute. Throws AppError 'bad-config' or 'bad-data'. */
  build(config: JsonObject, data: DataFacts): Program;
}

/** What a recipe wants computed. All `build` functions may be called several times, each time with a fresh graph. */
export interface Program {
  readonly parameters: readonly ParameterSpec[];
  /** Examples per step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerSettings;
  /** The loss of one step. The trainer adds gradients, optimizer and averaged weights, and fuses several steps. */
  step(inputs: StepInputs): StepOutputs;
  readonly evaluations: readonly Evaluation[];
  /** What is timed beside the figures of a checkpoint, where the recipe has something to time. */
  readonly benchmark?: Benchmark;
  readonly samples?: SampleProgram;
  readonly model: ExportedModel | RewrittenModel;
}

/** Examples of a data set inside a graph: the tensors of `exampleTensors`, each with the examples as its first axis. */
export type Batch = Readonly<Record<string, Value>>;

/** Images inside a graph, with a class each. */
export interface ImageBatch {
  /** uint8 [batch, height, width, channels], 0 to 255. */
  readonly images: Value;
  /** int64 [batch], 0 to classes − 1. */
  readonly labels: Value;
}

export interface StepInputs {
  readonly graph: BaseGraph;
  readonly parameters: ParameterView;
  readonly batch: Batch;
  /** int64 scalar for `randomNormal` and `randomUniform`: `randomCounter(seed, step)`. Different for each step of a run. */
  readonly counter: Value;
}

export interface StepOutputs {
  /** float32 scalar that is minimized. */
  readonly loss: Value;
  /** float32 scalars by metric tag, one point per step each. `train/loss`, `train/grad_norm` and `train/lr` are logged by the trainer itself. */
  readonly metrics: Readonly<Record<string, Value>>;
}

/**
 * How parameters are updated: `adamw` (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2), `sgd` with momentum beta1 (Sutskever et al., ICML 2013,
 * as PyTorch has it: the momentum adds whole gradients), `lion` (Chen et al., arXiv 2302.06675, algorithm 2), or `muon` (Jordan et al.,
 * https://kellerjordan.github.io/posts/muon/) for hidden matrices with `adamw` for all other parameters.
 */
export const optimizerNames = ['adamw', 'sgd', 'lion', 'muon'] as const;
export type OptimizerName = (typeof optimizerNames)[number];

export interface OptimizerSettings {
  readonly kind: OptimizerName;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: parameters with `decay` shrink by learning rate × this, each step. */
  readonly weightDecay: number;
  /** Steps of linear rise from 0. */
  readonly warmupSteps: number;
  /** What follows the warm-up, until the last step. */
  readonly schedule: LearningRateSchedule;
  /** Learning rate at the end as a part of the highest. */
  readonly finalFraction: number;
  /** Gradients with a longer norm are shortened to it; 0: never. */
  readonly clipNorm: number;
  /** Averaged weights: average ← d·average + (1−d)·weights with d = `emaDecayAt(emaDecay, step)`. */
  readonly emaDecay: number;
  /** What only `muon` needs. */
  readonly muon?: MuonSettings;
  /** Decays of parameters by name, in place of `weightDecay`; the first pattern that fits counts. */
  readonly decayGroups?: readonly DecayGroup[];
}

/** How hidden matrices are updated by Muon. Warm-up and course of the learning rate are those of the other parameters. */
export interface MuonSettings {
  /** Highest learning rate. A step of 1 is an orthogonal matrix. */
  readonly learningRate: number;
  readonly momentum: number;
  /** Patterns of names of matrices that are not hidden: of first and last layers. */
  readonly except: readonly string[];
}

/** Parameters whose names fit a pattern, in which `*` stands for any text, and their decay. */
export interface DecayGroup {
  readonly pattern: string;
  readonly weightDecay: number;
}
export const learningRateSchedules = ['constant', 'linear', 'cosine'] as const;
export type LearningRateSchedule = (typeof learningRateSchedules)[number];

/** What products are computed in: float32, or 16 bits with weights and all else in float32. */
export const precisionNames = ['fp32', 'bf16', 'fp16'] as const;
export type PrecisionName = (typeof precisionNames)[number];

/** A measurement over a whole data set with the averaged weights. */
export interface Evaluation {
  readonly data: DataSetName;
  /** Examples per graph run; the trainer fills the last one up and drops the surplus. */
  readonly batchSize: number;
  /** float32 [batchSize] by metric tag: a number per example. The metric is the mean over the examples, unless `summarize` makes it of them. */
  build(graph: BaseGraph, parameters: ParameterView, batch: Batch): Readonly<Record<string, Value>>;
  /** The metrics by tag, of what `build` gave for every example of the data set in its order. For what is no mean, such as a perplexity. */
  summarize?(perExample: Readonly<Record<string, Float32Array>>): Readonly<Record<string, number>>;
  /** Markdown by tag that says more than figures do, such as a table of confusions. */
  report?(perExample: Readonly<Record<string, Float32Array>>): Readonly<Record<string, string>>;
}

/** Several ways to one end, timed when a checkpoint is measured: latency with one example, throughput with a batch. Figures but those of time are the same every time. */
export interface Benchmark {
  readonly data: DataSetName;
  /** Examples of the batch whose throughput is measured. */
  readonly batchSize: number;
  /** What each way computes of a batch with the averaged weights. */
  readonly ways: Readonly<Record<string, (graph: BaseGraph, parameters: ParameterView, batch: Batch) => Value>>;
  /** What is known without running, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** Markdown by tag. */
  report(timings: Readonly<Record<string, WayTiming>>): Readonly<Record<string, string>>;
}

export interface WayTiming {
  /** Median of runs with one example. */
  readonly latencyMs: number;
  /** Examples per second in batches. */
  readonly perSecond: number;
  /** The most memory that values take at one time with one example, beside weights: of the graph, not measured. */
  readonly peakBytes: number;
}

/** What is drawn from the averaged weights now and then, to be looked at. */
export type SampleProgram = ImageSampleProgram | TextSampleProgram;
export type SampleKind = SampleProgram['kind'];

/** Images drawn from the averaged weights. */
export interface ImageSampleProgram {
  readonly kind: 'images';
  /** Images of one graph run. */
  readonly batchSize: number;
  /** Graph runs for one set of samples; run i gets `randomCounter(seed of the samples, i)`, so that all sets of a run start from the same noise. */
  readonly batches: number;
  /** How many, from the first on, make up the picture that is shown, and in how many columns. */
  readonly shown: number;
  readonly columns: number;
  /** `images` uint8 [batchSize, height, width, channels] and `labels` int64 [batchSize], the class asked for. */
  build(graph: BaseGraph, parameters: ParameterView, counter: Value): ImageBatch;
  /** A classifier that looks at all the samples; absent where none is configured. */
  readonly judge?: SampleJudge;
}

/**
 * Texts that the averaged weights write, one token after another. The trainer chooses each token from the logits of its place, by the
 * seed alone; special tokens of the vocabulary are never chosen.
 */
export interface TextSampleProgram {
  readonly kind: 'text';
  /** Texts beside each other. */
  readonly count: number;
  /** Tokens of each, the prompt among them. */
  readonly length: number;
  /** What every text begins with, as a person types it. Empty: an ordinary token by chance, and nothing where places are filled at random. */
  readonly prompt: string;
  readonly vocabulary: VocabularyFacts;
  /** Logits are divided by it; 0 takes the most likely token always. */
  readonly temperature: number;
  /** Only so many of the most likely tokens are chosen among; 0: all. */
  readonly topK: number;
  /** The order of the places: forward, or at random where a model sees both sides. */
  readonly order: 'forward' | 'random';
  /** The token that stands where none was chosen yet. */
  readonly blank: number;
  /** tokens int32 [count, length] and places int64 [count], one of each text → logits of those places, float32 [count, vocabulary.size or more]. */
  build(graph: BaseGraph, parameters: ParameterView, tokens: Value, places: Value): Value;
  /** A faster way to the same logits, where texts are written forward. */
  readonly remembering?: RememberingText;
}

/** Logits one token at a time, with what was computed for the tokens before kept in a state. */
export interface RememberingText {
  /** Shapes of the state's float32 tensors by name. They begin as zeros. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  /** token int32 [count] at a place int64 [] → logits of the token behind it, float32 [count, vocabulary.size or more], and the next state by the same names. */
  build(
    graph: BaseGraph,
    parameters: ParameterView,
    token: Value,
    place: Value,
    state: Readonly<Record<string, Value>>,
  ): { readonly logits: Value; readonly next: Readonly<Record<string, Value>> };
}

/**
 * A judge of samples: the `model.onnx` of a run of the classifier recipe. Its input `images` is uint8 [n, height, width, channels],
 * its output `logits` float32 [n, classes]; n is free, or fixed and stands in the model (fill the last run up).
 */
export interface SampleJudge {
  /** Absolute path. */
  readonly model: string;
  /** Metrics by tag from the logits [count × classes] and the classes asked for [count]. */
  measure(logits: Float32Array, labels: readonly number[], classes: number): Readonly<Record<string, number>>;
}

/** The trained network as a file for other programs. */
export interface ExportedModel {
  /**
   * Makes its inputs by `graph.input`; parameters are constants with the averaged weights. The file takes any batch size: it is made of
   * graphs for several, so nothing but sizes may depend on `batch`.
   */
  build(
    graph: BaseGraph,
    parameters: ParameterView,
    batch: number,
  ): { readonly inputs: readonly Value[]; readonly outputs: Readonly<Record<string, Value>> };
  readonly metadata: Readonly<Record<string, string>>;
}

/** The trained network as the file that it came from, with what was learned in it, so that its open sizes and its names stay. */
export interface RewrittenModel {
  /** `learned` gives the averaged weights of a parameter by its name, row-major. */
  rewrite(learned: (name: string) => Float32Array): OnnxModel;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The images of a batch that has them, which every batch of a data set of images does. */
export function imageBatch({ images, labels }: Batch): ImageBatch {
  return { images: images!, labels: labels! };
}

/** The counter of random numbers at a step (from 0). Distinct seeds walk distinct stretches of the generator's period of 2³¹ − 1. */
export function randomCounter(seed: number, step: number): bigint {
  let hash = Math.imul((seed >>> 0) ^ 0x5bd1e995, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return BigInt(hash) + BigInt(step);
}

/** Weight of the old average at a step (from 0): the first steps count more, so that starting values are soon forgotten. */
export function emaDecayAt(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/** The learning rate at a step (from 0) of a run of `totalSteps`. */
export function learningRateAt(settings: OptimizerSettings, step: number, totalSteps: number): number {
  const { learningRate, warmupSteps, schedule, finalFraction } = settings;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - 1 - warmupSteps));
  return learningRate * (finalFraction + (1 - finalFraction) * remaining[schedule](progress));
}

/** How much of the span between highest and final rate is left, by progress from 0 to 1. */
const remaining = {
  constant: () => 1,
  linear: (progress: number) => 1 - progress,
  cosine: (progress: number) => (1 + Math.cos(Math.PI * progress)) / 2,
} satisfies { readonly [S in LearningRateSchedule]: (progress: number) => number };
