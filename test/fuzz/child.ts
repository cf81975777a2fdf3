// One piece of the work of main.ts in a process of its own: argv is target, seed, first input, inputs, a folder for files, and a file that says which input is at work.
import { openSync, writeSync } from 'node:fs';
import { type Finding, fuzz } from './loop.ts';
import { fuzzTargets } from './targets.ts';

const [name, seed, from, inputs, folder, progress] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const handle = openSync(progress, 'w');
const findings: readonly Finding[] = await fuzz(name, fuzzTargets[name]!, {
  seed,
  from: Number(from),
  inputs: Number(inputs),
  folder,
  onInput: (index) => writeSync(handle, String(index).padStart(12), 0),
});
process.stdout.write(JSON.stringify(findings.map(({ index, message }) => ({ index, message }))));
