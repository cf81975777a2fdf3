// Reads spoiled files with every reader: `npm run fuzz:readers -- --inputs N`. Each piece of the work is a process of its own, so that one that hangs or runs out of memory is a finding, not an end.
// Options: --inputs N in all, as many for each target (default 20 000), --seed TEXT (default: the date), --format NAME (several times; default: all), --from N (first input, to repeat a finding), --processes N (default 2).
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeInput } from './loop.ts';
import { fuzzTargets } from './targets.ts';

const { values: options } = parseArgs({
  options: {
    inputs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: new Date().toISOString().slice(0, 10) },
    format: { type: 'string', multiple: true },
    from: { type: 'string', default: '0' },
    processes: { type: 'string', default: '2' },
  },
});
const names = options.format ?? Object.keys(fuzzTargets);
const unknown = names.filter((name) => !Object.hasOwn(fuzzTargets, name));
if (unknown.length > 0)
  throw new Error(`There is no format ${unknown.join(', ')}; there are ${Object.keys(fuzzTargets).join(', ')}.`);

interface Piece {
  readonly name: string;
  readonly from: number;
  readonly inputs: number;
  /** How much of the target's inputs comes before it: the targets go on side by side, and an interrupt leaves them even. */
  readonly before: number;
}

interface Found {
  readonly index: number;
  readonly message: string;
}

const inputsPerPiece = 4000;
/** One input may take this long before its process is given up. */
const patienceMs = 60_000;
const heapMegabytes = 1024;

const work = mkdtempSync(path.join(os.tmpdir(), 'trainyard-fuzz-'));
const findingsFolder = path.join(import.meta.dirname, 'findings');
// Every target gets as many as the others: a format of runs has no fewer ways to go wrong than a parser that needs no files.
const waiting = names
  .flatMap((name) => piecesOf(name, Math.ceil(Number(options.inputs) / names.length)))
  .sort((a, b) => a.before - b.before);
// An interrupt ends it with the pieces that are at work, and the table tells what was done.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => waiting.splice(0));
const counts = new Map(names.map((name) => [name, { inputs: 0, findings: 0, milliseconds: 0 }]));
try {
  await Promise.all(
    Array.from({ length: Number(options.processes) }, (_, lane) => workThrough(path.join(work, String(lane)))),
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
report();

function piecesOf(name: string, inputs: number): Piece[] {
  const first = Number(options.from);
  const pieces: Piece[] = [];
  const size = inputsPerPiece * (fuzzTargets[name]!.speed ?? 1);
  for (let done = 0; done < inputs; done += size)
    pieces.push({ name, from: first + done, inputs: Math.min(size, inputs - done), before: done / inputs });
  return pieces;
}

async function workThrough(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    const start = performance.now();
    const { findings, next } = await runPiece(piece, folder);
    for (const finding of findings) save(piece.name, finding);
    const count = counts.get(piece.name)!;
    count.inputs += next - piece.from;
    count.findings += findings.length;
    count.milliseconds += performance.now() - start;
    // What came behind an input that ended the process is still to be done.
    const left = piece.from + piece.inputs - next;
    if (left > 0) waiting.push({ ...piece, from: next, inputs: left });
  }
}

function runPiece(
  { name, from, inputs }: Piece,
  folder: string,
): Promise<{ findings: readonly Found[]; next: number }> {
  const progress = path.join(folder, 'progress');
  const files = path.join(folder, 'files');
  writeFileSync(progress, '');
  const args = [`--max-old-space-size=${heapMegabytes}`, path.join(import.meta.dirname, 'child.ts')];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...args, name, options.seed, String(from), String(inputs), files, progress],
      { maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        clearInterval(watch);
        if (error === null) return resolve({ findings: JSON.parse(stdout) as Found[], next: from + inputs });
        const index = at();
        const why = stuck
          ? `It did not end within ${patienceMs / 1000} s.`
          : `The process ended: ${error.message.split('\n')[0]} ${stderr.slice(-2000)}`;
        resolve({ findings: [{ index, message: why }], next: index + 1 });
      },
    );
    const at = (): number => Number(readFileSync(progress, 'utf8').trim() || from);
    let [last, since, stuck] = [-1, performance.now(), false];
    const watch = setInterval(() => {
      const now = at();
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > patienceMs) {
        stuck = true;
        child.kill('SIGKILL');
      }
    }, 1000);
  });
}

/** The files that led to it, and how to make them again. */
function save(name: string, { index, message }: Found): void {
  const target = fuzzTargets[name]!;
  const folder = path.join(findingsFolder, `${name}-${options.seed}-${index}`);
  const { tree } = makeInput(name, target, target.seeds(), options.seed, index);
  for (const [file, content] of Object.entries(tree)) {
    const place = path.join(folder, 'files', target.onDisk ? file : file.replaceAll('/', '_'));
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, content);
  }
  const again = `npm run fuzz:readers -- --format ${name} --seed ${options.seed} --from ${index} --inputs 1`;
  writeFileSync(path.join(folder, 'finding.txt'), `${again}\n\n${message}\n`);
  console.error(`${name} ${index}: ${message.split('\n').slice(0, 2).join(' ')}`);
}

function report(): void {
  const rows = [...counts].map(([name, { inputs, findings, milliseconds }]) => {
    const speed = Math.round((1000 * inputs) / Math.max(1, milliseconds));
    return `| ${name} | ${inputs.toLocaleString('en')} | ${speed.toLocaleString('en')} | ${findings} |`;
  });
  const all = [...counts.values()];
  const inputs = all.reduce((sum, count) => sum + count.inputs, 0);
  const findings = all.reduce((sum, count) => sum + count.findings, 0);
  console.log(['| target | inputs | inputs/s | findings |', '|---|---|---|---|', ...rows].join('\n'));
  console.log(`\n${inputs.toLocaleString('en')} inputs of seed ${options.seed}, ${findings} findings.`);
  if (findings > 0) console.log(`They lie in ${findingsFolder}.`);
  process.exitCode = findings > 0 ? 1 : 0;
}
