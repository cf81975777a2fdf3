// What a peer is told: a subject with its starting values and its batch.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { optimizer, type Prepared } from './ours.ts';

/** The plan and the numbers: parameters as float32, then the batch. */
export function writePlan(folder: string, prepared: Prepared, settings: Readonly<Record<string, unknown>>): string {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const append = (data: ArrayBufferView) => {
    const at = offset;
    const padding = (8 - (data.byteLength % 8)) % 8;
    chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), new Uint8Array(padding));
    offset += data.byteLength + padding;
    return at;
  };
  let start = 0;
  const parameters = prepared.specs.map(({ name, shape, decay }) => {
    const size = shape.reduce((total, length) => total * length, 1);
    const at = append(prepared.parameters.slice(start, start + size));
    start += size;
    return { name, shape, decay, offset: at };
  });
  const batch = prepared.subject.inputs.map(({ name, shape, kind }) => {
    return { name, shape, kind, offset: append(prepared.batch[name]!.data) };
  });
  const file = path.join(folder, 'numbers.bin');
  writeFileSync(file, Buffer.concat(chunks));
  const plan = path.join(folder, 'plan.json');
  const { learningRate, weightDecay } = optimizer;
  const content = { subject: prepared.subject.id, learningRate, weightDecay, ...settings, file };
  writeFileSync(plan, JSON.stringify({ ...content, parameters, batch }));
  return plan;
}
