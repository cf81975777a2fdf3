// How long a step waits for its examples when the loader has time enough.
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import { limited, type Row } from '../report.ts';
import { batchSize, threads } from './loader.ts';
import type { Subject } from './subjects.ts';

const steps = 60;

export async function waitRow(subject: Subject): Promise<Row> {
  const set = await subject.open();
  const loader = new BatchLoader(set, 2, { threads });
  try {
    let position = 0;
    const take = async () => {
      const begin = performance.now();
      await loader.take(position, batchSize);
      position += batchSize;
      return performance.now() - begin;
    };
    for (let i = 0; i < 10; i++) await take();
    let loading = 0;
    for (let i = 0; i < steps; i++) loading += await take();
    const stepMs = (1.5 * loading) / steps;
    await take();
    let waiting = 0;
    for (let i = 0; i < steps; i++) {
      compute(stepMs);
      waiting += await take();
    }
    const part = (100 * waiting) / (waiting + steps * stepMs);
    return limited({ name: `Waiting for data: ${subject.name}`, ours: part, unit: '%', better: 'lower', limit: 5 });
  } finally {
    loader.dispose();
    set.dispose();
  }
}

/** The thread does nothing else meanwhile, as in a call of ONNX Runtime; a core is left to others, as where a GPU computes. */
function compute(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
