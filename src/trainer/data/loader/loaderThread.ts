import { parentPort, workerData } from 'node:worker_threads';
import { toErrorInfo } from '../../../base/errors.ts';
import { makeReader } from '../readerPlan.ts';
import type { LoaderAnswer, LoaderQuestion, LoaderStart } from './messages.ts';

/** A thread that reads, decodes and varies examples while the trainer's own thread computes. It owns its open files, which end with it. */
const reader = makeReader((workerData as LoaderStart).plan);
const port = parentPort!;

port.on('message', ({ id, indices, draws }: LoaderQuestion) => {
  try {
    const arrays = reader.gather(indices, draws);
    const answer: LoaderAnswer = { id, arrays };
    const memory = Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer);
    port.postMessage(answer, memory);
  } catch (error) {
    const answer: LoaderAnswer = { id, error: toErrorInfo(error) };
    port.postMessage(answer);
  }
});
