import type { MemoryNeed } from '../../domain/memoryEstimate.ts';
import { type BaseGraph, Graph, type Value } from '../../graph/index.ts';
import { peakBytes, valueBytes } from '../../graph/liveness.ts';
import { nodesBehind } from '../../graph/traverse.ts';
import { exampleTensors } from '../../recipes/data.ts';
import type { DataFacts, DataSetName, Program } from '../../recipes/recipe.ts';
import { batchInputs, declareParameters, type TrainStep } from '../engine/trainStep.ts';
import { keepsAverages, updateBytesOf } from '../engine/updateMemory.ts';

/** What is known of a run before it starts. */
export interface MemoryFacts {
  readonly step: Pick<TrainStep, 'scan' | 'updates' | 'parts'>;
  readonly facts: DataFacts;
  /** What the evaluations look at: those whose data set is not there are left out. */
  readonly measured: ReadonlyMap<DataSetName, DataFacts>;
  /** Whether all examples lie in memory. */
  readonly isDataResident: boolean;
  /** Bytes of the training set that lie on the device. */
  readonly dataOnDevice: number;
  readonly onCpu: boolean;
  readonly stepsPerCall: number;
  readonly program: Program;
}

/**
 * Factors that were fitted to the measured peaks of the runs in test/bench/memory (test/bench/results/memory.md): Node with ONNX Runtime and its programs; a node of the step, in
 * ONNX Runtime and while it is optimized; what its arena takes for a byte that the values of a step need at one time, the next state included; how many copies there are of the
 * state beside that: what a call is given, what the loop over steps writes to in turns, its outputs, the binding's copies of them, and the vectors that the run goes on with.
 */
const processBytes = 170e6;
const bytesPerNode = 33_000;
const arenaPerByte = 1.15;
const statesOnHost = 5;
/** Beside the memory of the kernel: the vectors that the run begins with, or those of a checkpoint. */
const stateVectors = 4;
/** On its way to the device a data set is a table, a part of the model's bytes and one of ONNX Runtime's copy of it: counted, not measured. */
const tablesOnHost = 3;
/** CUDA's own memory with cuDNN and cuBLAS, and workspaces of convolutions: not measured yet. */
const deviceBytes = 900e6;

/** An estimate of the peak, to be had without running anything. */
export function memoryNeed({ step, facts, program, ...how }: MemoryFacts): MemoryNeed {
  const { scan } = step;
  const next = scan.state.map((each) => each.next);
  const state = bytesOf(next);
  const outputs = [...next, ...Object.values(scan.perStep)];
  const placed = step.updates === 'kernel' ? outputs : [];
  const examples = how.isDataResident ? facts.examples * exampleBytes(facts) : 0;
  const calls = 2 * how.stepsPerCall * bytesOf(scan.sequence.map(({ input }) => input));
  const computing = arenaPerByte * peakBytes(scan.graph, outputs, placed) + measurementBytes(program, how.measured);
  const graph = bytesPerNode * nodeCount(scan.graph, outputs);
  const data = tablesOnHost * how.dataOnDevice;
  const host = processBytes + graph + examples + data + calls + statesOnHost * state + kernelBytes(step, program);
  if (how.onCpu) return { host: host + computing, device: 0 };
  return { host, device: deviceBytes + computing + state + calls + how.dataOnDevice };
}

/** What updates by the kernel take for the state of a run. */
function kernelBytes({ updates, parts }: MemoryFacts['step'], { optimizer }: Program): number {
  if (updates === 'model') return 0;
  const parameters = parts.reduce((sum, { size }) => sum + size, 0);
  return updateBytesOf(parameters, keepsAverages(optimizer)) + stateVectors * 4 * parameters;
}

/** With the nodes of loops inside of a step. */
function nodeCount({ bodies }: BaseGraph, outputs: readonly Value[]): number {
  const inner = bodies.map(({ graph, state, perStep }) =>
    nodeCount(graph, [...state.map(({ next }) => next), ...perStep]),
  );
  return inner.reduce((sum, count) => sum + count, nodesBehind(outputs).length);
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

function bytesOf(values: readonly Value[]): number {
  return values.reduce((sum, value) => sum + valueBytes(value), 0);
}

function exampleBytes(facts: DataFacts): number {
  return Object.values(exampleTensors(facts)).reduce((sum, tensor) => sum + valueBytes(tensor), 0);
}
