// Peak memory of whole runs beside what was estimated before they started. The peak is the process's own (getrusage), so a busy machine does not change it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeConfig, writeIdxSet } from '../unit/trainer/support.ts';
import { memorySubjects } from './memory/networks.ts';

interface Row {
  readonly run: string;
  readonly estimatedMb: number;
  readonly measuredMb: number;
}

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-memory-'));
const main = path.join(import.meta.dirname, 'memory', 'trainMain.ts');
const common = { device: 'cpu', threads: 2, steps: 23, checkpointEvery: 0, sampleEvery: 0, evaluateEvery: 0 };
const rows: Row[] = [];
try {
  const data = writeIdxSet(folder, { examples: 4000, side: 28, classes: 10 });
  for (const [i, { id, config }] of memorySubjects.entries()) {
    const file = writeConfig(folder, { ...common, ...config, data });
    const env = { ...process.env, TRAINYARD_HOME: path.join(folder, 'home') };
    const args = ['--no-warnings', main, file, `name=run${i}`];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' });
    const [, needed, unit] = /Needs about ([\d.]+) (MB|GB) of memory/.exec(stdout) ?? [];
    const peak = Number(/peak (\d+)/.exec(stderr)?.[1]);
    if (needed === undefined || !Number.isFinite(peak)) throw new Error(`${id} told nothing: ${stderr.slice(-500)}`);
    const estimatedMb = Number(needed) * (unit === 'GB' ? 1000 : 1);
    rows.push({ run: id, estimatedMb, measuredMb: Math.round(peak / 1e6) });
    console.log(describe(rows.at(-1)!));
  }
  const results = path.join(import.meta.dirname, 'results');
  writeFileSync(path.join(results, 'memory.json'), `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(path.join(results, 'memory.md'), page());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function page(): string {
  const head = '# Peak memory of runs on the CPU\n\n| run | estimated MB | measured MB | ratio |\n|---|---|---|---|\n';
  return `${head}${rows.map(describe).join('\n')}\n`;
}

function describe({ run, estimatedMb, measuredMb }: Row): string {
  return `| ${run} | ${estimatedMb} | ${measuredMb} | ${(estimatedMb / measuredMb).toFixed(2)} |`;
}
