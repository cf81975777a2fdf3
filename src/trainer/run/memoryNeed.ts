import type { MemoryNeed } from '../../domain/memoryEstimate.ts';
import { Graph, scanModel, type Value } from '../../graph/index.ts';
import { peakBytes, valueBytes } from '../../graph/liveness.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { DataFacts, DataSetName, Program } from '../../recipes/recipe.ts';
import type { RunSettings } from '../config/runSettings.ts';
import { batchInputs, declareParameters, type TrainStep } from '../engine/trainStep.ts';
import { stepsOfNextCall } from './callPlan.ts';

/** What is known of a run before it starts. */
export interface MemoryFacts {
  readonly step: Pick<TrainStep, 'scan'>;
  readonly facts: DataFacts;
  /** What the evaluations look at: those whose data set is not there are left out. */
  readonly measured: ReadonlyMap<DataSetName, DataFacts>;
  /** Whether all examples lie in memory. */
  readonly isDataResident: boolean;
  /** Bytes of the training set that lie on the device. */
  readonly dataOnDevice: number;
  readonly onCpu: boolean;
  readonly stepsPerCall: number;
  /** Models of several steps that a run keeps beside each other: of its usual number, of what is left before something is due. */
  readonly models: number;
  readonly program: Program;
}

/**
 * Factors that were fitted to the measured peaks of the runs in test/bench/memory (docs/gpu.md has the table): Node with ONNX Runtime and its programs; what a model's
 * arena takes for the values of a step that live at one time, of which ONNX Runtime folds some away; what it keeps of a model's graph; how many copies of the state
 * there are in a model, and in the calls' inputs and outputs and the vectors of the run.
 */
const processBytes = 195e6;
const arenaPerLive = 0.73;
const graphPerModelByte = 65;
/** While ONNX Runtime optimizes a model that is not in the cache yet. */
const optimizingPerModelByte = 700;
const statePerModel = 1.8;
const statesOnHost = 4;
/** On its way to the device a data set is a table, a part of the model's bytes and one of ONNX Runtime's copy of it: counted, not measured. */
const tablesOnHost = 3;
/** CUDA's own memory with cuDNN and cuBLAS, and workspaces of convolutions: not measured yet. */
const deviceBytes = 900e6;

/** An estimate of the peak, to be had without running anything. */
export function memoryNeed({ step: { scan }, facts, program, ...how }: MemoryFacts): MemoryNeed {
  const next = scan.state.map((each) => each.next);
  const state = bytesOf(next);
  const live = peakBytes(scan.graph, [...next, ...Object.values(scan.perStep)]) - state;
  const examples = how.isDataResident ? facts.examples * exampleBytes(facts) : 0;
  const calls = 2 * how.stepsPerCall * bytesOf(scan.sequence.map(({ input }) => input));
  const size = scanModel(scan, 1).byteLength;
  const graph = graphPerModelByte * size;
  const computing =
    how.models * (arenaPerLive * live + graph + statePerModel * state) + measurementBytes(program, how.measured);
  const data = tablesOnHost * how.dataOnDevice;
  const host = processBytes + optimizingPerModelByte * size + examples + data + calls + statesOnHost * state;
  if (how.onCpu) return { host: host + computing, device: 0 };
  return { host, device: deviceBytes + computing + calls + how.dataOnDevice };
}

/** What evaluations and samples take while they are computed. Their models stay. */
function measurementBytes(program: Program, measured: MemoryFacts['measured']): number {
  const evaluations = program.evaluations.map(({ data, batchSize, build }) => {
    const facts = measured.get(data);
    if (facts === undefined) return 0;
    return peakOf(program, (graph, view) => Object.values(build(graph, view, batchInputs(graph, facts, batchSize))));
  });
  const { samples } = program;
  const drawing =
    samples?.kind !== 'images'
      ? 0
      : peakOf(program, (graph, view) =>
          Object.values(samples.build(graph, view, graph.input('counter', [], 'int64'))),
        );
  return evaluations.reduce((sum, each) => sum + each, drawing);
}

function peakOf(program: Program, build: (graph: Graph, view: (name: string) => Value) => readonly Value[]): number {
  const graph = new Graph();
  const pack = declareParameters(graph, program, 'average');
  const outputs = build(graph, (name) => pack.get(name));
  void pack.flat;
  return peakBytes(graph, outputs);
}

/** How many numbers of steps the calls of a run have, the one with which it begins left out. */
export function modelsOf(settings: RunSettings, stepsPerCall: number, most: number): number {
  const counts = new Set<number>();
  for (let done = 1; done < settings.steps && counts.size < most; ) {
    const count = stepsOfNextCall(settings, done, stepsPerCall);
    counts.add(count);
    done += count;
    // What is due comes back in the same distances, so a stretch of calls tells all.
    if (done > longestLook * stepsPerCall) break;
  }
  return Math.max(1, counts.size);
}

const longestLook = 2000;

function bytesOf(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + valueBytes(value), 0);
}

function exampleBytes(facts: DataFacts): number {
  return Object.values(exampleTensors(facts)).reduce((sum, tensor) => sum + valueBytes(tensor), 0);
}
