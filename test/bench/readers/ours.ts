// Reads one run (as JSON in the first argument) with the reader of its format in a process of its own, as a reader thread does, and prints how long that took.
import type { FoundRun, ReaderCursor } from '../../../src/domain/records.ts';
import { openRun } from '../../../src/readers/index.ts';

const reader = openRun(JSON.parse(process.argv[2]!) as FoundRun);
const [start, before] = [performance.now(), process.cpuUsage()];
const tags = new Set<string>();
let scalars = 0;
let cursor: ReaderCursor | undefined;
for (let more = true; more; ) {
  const polled = await reader.poll(cursor, { maxBytes: 4 * 1024 * 1024 });
  for (const { tag, values } of polled.scalars) {
    tags.add(tag);
    scalars += values.length;
  }
  cursor = polled.cursor;
  more = polled.more;
}
const milliseconds = performance.now() - start;
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    milliseconds,
    userMilliseconds: user / 1e3,
    systemMilliseconds: system / 1e3,
    scalars,
    tags: tags.size,
    memory: process.memoryUsage().rss,
  }),
);
