// Peak memory of whole runs beside what was estimated before they started, what computing the forward pass twice saves and costs, and how large graphs start. The peak is the
// process's own (getrusage), so a busy machine does not change it; times are of the processor.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeConfig, writeIdxSet } from '../unit/trainer/support.ts';
import { type MemorySubject, memorySubjects } from './memory/networks.ts';
import { measureStarts, type Start } from './memory/starts.ts';

interface Row {
  readonly run: string;
  readonly recompute: 'off' | 'on';
  readonly estimatedMb: number;
  readonly measuredMb: number;
  /** Of the processor, for the whole run. */
  readonly seconds: number;
}

const steps = 5;
const goalSeconds = 2;
const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-memory-'));
const main = path.join(import.meta.dirname, 'memory', 'trainMain.ts');
const common = { device: 'cpu', threads: 2, steps, checkpointEvery: 0, sampleEvery: 0, evaluateEvery: 0 };
try {
  const data = { images: writeIdxSet(folder, { examples: 4000, side: 28, classes: 10 }), text: writeText() };
  const rows: Row[] = [];
  for (const subject of memorySubjects) {
    for (const recompute of subject.isDeep === true ? (['off', 'on'] as const) : (['off'] as const)) {
      rows.push(measureRun(subject, data[subject.data], recompute, rows.length));
      console.log(describe(rows.at(-1)!));
    }
  }
  const starts = await measureStarts(data.images);
  for (const start of starts) console.log(describeStart(start));
  const results = path.join(import.meta.dirname, 'results');
  writeFileSync(path.join(results, 'memory.json'), `${JSON.stringify({ rows, starts }, null, 2)}\n`);
  writeFileSync(path.join(results, 'memory.md'), page(rows, starts));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function measureRun({ id, config }: MemorySubject, data: string, recompute: Row['recompute'], index: number): Row {
  const file = writeConfig(folder, { ...common, ...config, recompute, data });
  // A home of its own, so that no model comes from the cache of the run before.
  const env = { ...process.env, TRAINYARD_HOME: path.join(folder, `home${index}`) };
  const args = ['--no-warnings', main, file, `name=run${index}`];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
  const [, needed, unit] = /Needs about ([\d.]+) (MB|GB) of memory/.exec(stdout) ?? [];
  const [, peak, cpu] = /peak (\d+) cpu ([\d.]+)/.exec(stderr) ?? [];
  if (needed === undefined || peak === undefined || !/Finished at step/.test(stdout)) {
    throw new Error(`${id} told nothing: ${stderr.slice(-500)}`);
  }
  const estimatedMb = Number(needed) * (unit === 'GB' ? 1000 : 1);
  return { run: id, recompute, estimatedMb, measuredMb: Math.round(Number(peak) / 1e6), seconds: Number(cpu) };
}

/** Some 300 kB of words. */
function writeText(): string {
  const words = ['alpha', 'beta', 'gamma', 'delta', 'the', 'a', 'of', 'run', 'train', 'model', 'loss'];
  const text = Array.from({ length: 60_000 }, (_, i) => words[(i * i + 3 * i) % words.length]!).join(' ');
  const file = path.join(folder, 'text.txt');
  writeFileSync(file, text);
  return file;
}

function page(rows: readonly Row[], starts: readonly Start[]): string {
  const twice = rows.filter(({ recompute }) => recompute === 'on');
  return [
    '# Memory of runs on the CPU, and how large graphs start',
    '',
    'Peak of the whole process (`npm run bench:memory`), data, evaluation and samples included, beside the estimate that the run was begun with.',
    '',
    '| run | recompute | estimated MB | measured MB | ratio |',
    '|---|---|---|---|---|',
    ...rows.map(describe),
    '',
    `The forward pass computed twice (\`recompute=on\`) against once; runs of ${steps} steps, start included, seconds of the processor.`,
    '',
    '| run | peak MB | with recompute | seconds | with recompute |',
    '|---|---|---|---|---|',
    ...twice.map((row) => describeTwice(rows.find(({ run }) => run === row.run)!, row)),
    '',
    `Starts of a DiT, 64 wide, of several depths: graph made and encoded, then loaded for the first time and from the cache of optimized models; seconds of the processor, wall-clock time in brackets. Goal: the first start under ${goalSeconds} s.`,
    '',
    '| nodes | graph | first start | from the cache | goal |',
    '|---|---|---|---|---|',
    ...starts.map(describeStart),
    '',
  ].join('\n');
}

function describe({ run, recompute, estimatedMb, measuredMb }: Row): string {
  return `| ${run} | ${recompute} | ${estimatedMb} | ${measuredMb} | ${(estimatedMb / measuredMb).toFixed(2)} |`;
}

function describeTwice(once: Row, twice: Row): string {
  return `| ${once.run} | ${once.measuredMb} | ${twice.measuredMb} | ${once.seconds.toFixed(1)} | ${twice.seconds.toFixed(1)} |`;
}

function describeStart({ nodes, graph, first, firstWall, cached }: Start): string {
  const goal = graph + first < goalSeconds ? 'met' : 'missed';
  return `| ${nodes} | ${graph.toFixed(2)} | ${first.toFixed(2)} (${firstWall.toFixed(1)}) | ${cached.toFixed(2)} | ${goal} |`;
}
