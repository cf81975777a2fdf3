// Reads one run with our reader in a process of its own, as a reader thread does, and prints how long that took.
import { TensorboardReader } from '../../../src/readers/tensorboard/format.ts';

const folder = process.argv[2]!;
const reader = new TensorboardReader({ source: 'tensorboard', path: folder, root: folder, name: 'bench' });
const start = performance.now();
let scalars = 0;
let cursor: Parameters<TensorboardReader['poll']>[0];
for (let more = true; more; ) {
  const polled = await reader.poll(cursor, { maxBytes: 4 * 1024 * 1024 });
  for (const { values } of polled.scalars) scalars += values.length;
  cursor = polled.cursor;
  more = polled.more;
}
console.log(JSON.stringify({ milliseconds: performance.now() - start, scalars }));
