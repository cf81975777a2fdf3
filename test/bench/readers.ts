// Readers of every format beside a program that people would use for it, turn by turn, each in a fresh process.
// Options: --format NAME (several times; default: all), --rounds N (default 7), --megabytes N (default 100). A page of results per format.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { benchDatabases } from './readers/databaseBench.ts';
import { benchEventFiles } from './readers/eventFileBench.ts';
import type { ReaderBench } from './readers/subject.ts';
import { benchTextLogs } from './readers/textBench.ts';
import { benchWandbLogs } from './readers/wandbBench.ts';
import { writeReport } from './report.ts';

/** A new one is a file in the folder `readers` and a line here. Its page is `results/readers-NAME.md`. */
const benches: { readonly [name: string]: ReaderBench } = {
  tensorboard: benchEventFiles,
  text: benchTextLogs,
  wandb: benchWandbLogs,
  databases: benchDatabases,
};

const { values: options } = parseArgs({
  options: {
    format: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '7' },
    megabytes: { type: 'string', default: '100' },
  },
});
const chosen = options.format ?? Object.keys(benches);
const unknown = chosen.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) throw new Error(`There is no format ${unknown.join(', ')}; there are ${Object.keys(benches)}.`);

for (const name of chosen) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
  try {
    const size = { rounds: Number(options.rounds), megabytes: Number(options.megabytes), folder };
    const { rows, notes } = await benches[name]!(size);
    writeReport(`readers-${name}`, rows, notes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
