// What both JavaScript peers share: reading the plan and its numbers, and answering "N steps" lines. Plain JavaScript, since they run beside packages of their own.
import { readFileSync } from 'node:fs';
import readline from 'node:readline';

/** The plan with `parameters` and `batch` as objects of name → { shape, values }, and `decays` of name → whether weights decay. */
export function readPlan(file) {
  const plan = JSON.parse(readFileSync(file, 'utf8'));
  const raw = readFileSync(plan.file);
  const bytes = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength);
  const read = ({ name, shape, kind, offset }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values =
      kind === 'class'
        ? Int32Array.from(new BigInt64Array(bytes, offset, count), Number)
        : new Float32Array(bytes, offset, count);
    return [name, { shape, values }];
  };
  return {
    ...plan,
    decays: Object.fromEntries(plan.parameters.map(({ name, decay }) => [name, decay])),
    parameters: Object.fromEntries(plan.parameters.map(read)),
    batch: Object.fromEntries(plan.batch.map(read)),
  };
}

/** Rows with a single 1, [count, classes]. */
export function oneHot(labels, classes) {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return rows;
}

/** Says its version, then answers every line with what so many steps took. `step` gives the loss. */
export async function serve(version, step) {
  console.log(JSON.stringify({ version }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const losses = [];
    const start = performance.now();
    const before = process.cpuUsage();
    for (let i = 0; i < Number(line); i++) losses.push(await step());
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ seconds: (performance.now() - start) / 1000, used: (user + system) / 1e6, losses }));
  }
}
