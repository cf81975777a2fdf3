import type { DeviceName } from '../../domain/device.ts';
import { unorderedSums } from '../../graph/index.ts';
import type { TrainStep } from '../engine/trainStep.ts';

/** How far another run of the same configuration gives the same numbers, as a sentence. */
export function repeatability(step: TrainStep, device: DeviceName, threads: number): string {
  const { state, perStep } = step.scan;
  const places = unorderedSums([...state.map(({ next }) => next), ...Object.values(perStep)]).map(({ scope }) => scope);
  return sentences[device](
    threads,
    [...new Set(places)].filter((place) => place !== ''),
    places.length,
  );
}

type Sentence = (threads: number, places: readonly string[], sums: number) => string;

const unknown =
  (device: string): Sentence =>
  () =>
    `Nothing is known of whether runs on ${device} repeat bit by bit.`;

const sentences: { readonly [D in DeviceName]: Sentence } = {
  cpu: (threads) =>
    `Repeatable bit by bit on this processor with ${threads} ${threads === 1 ? 'thread' : 'threads'} and this version of ONNX Runtime.`,
  cuda: (_threads, places, sums) => {
    const algorithms = 'cuDNN chooses its algorithms by timing, so that the last bits may differ between two starts';
    if (sums === 0) return `Not for certain repeatable bit by bit on CUDA: ${algorithms}.`;
    const where = places.length === 0 ? '' : ` (${places.join(', ')})`;
    const which = sums === 1 ? 'one sum of gradients is' : `${sums} sums of gradients are`;
    return `Not repeatable bit by bit on CUDA: ${which} taken by ScatterND in any order${where}, which deterministic=true changes for tables that are not too large; and ${algorithms}.`;
  },
  webgpu: unknown('WebGPU'),
  dml: unknown('DirectML'),
  coreml: unknown('CoreML'),
};
