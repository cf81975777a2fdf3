import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectToWorker, type WorkerConnection } from '../../../src/client/index.ts';
import type { TargetChoice } from '../../../src/domain/target.ts';
import { buildWorker, WorkerHome } from '../../unit/worker/bundledWorker.ts';
import { limited, median, type Row } from '../report.ts';

const launches = Number(process.env['TRAINYARD_BENCH_LAUNCHES'] ?? 40);

/** Launch → process started on this machine. */
export async function localRows(): Promise<Row[]> {
  const product = await buildWorker();
  const home = new WorkerHome();
  let worker: WorkerConnection | undefined;
  try {
    const folder = repository(home.root);
    worker = await connectToWorker({ client: 'cli', version: '0.1.0', workerFile: product.file, env: home.env });
    await worker.call('folder.open', { folder, trusted: true });
    const times = await launchTimes(worker, folder, { name: 'local' });
    const p95 = [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
    return [
      limited({
        name: 'launch → process, this machine, p95',
        ours: rounded(p95),
        unit: 'ms',
        better: 'lower',
        limit: 150,
      }),
      limited({
        name: 'launch → process, this machine, median',
        ours: rounded(median(times)),
        unit: 'ms',
        better: 'lower',
        limit: 150,
      }),
    ];
  } finally {
    const pid = worker?.hello.pid;
    worker?.dispose();
    home.end(pid === undefined ? [] : [pid]);
    product.remove();
  }
}

/**
 * Milliseconds from the call to the first line of the program, launch by launch; the next one begins when the last has ended. The target must see the
 * folder's files under the same path.
 */
export async function launchTimes(
  worker: WorkerConnection,
  folder: string,
  target: TargetChoice,
  count = launches,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let number = -3; number < count; number++) {
    const file = path.join(folder, 'started', `${target.name}-${number}`);
    const begin = Date.now() + (performance.now() % 1);
    const { runId } = await worker.call('command.launch', {
      requestId: `${target.name}-${number}`,
      folder,
      command: ['/bin/sh', '-c', 'date +%s%N > "$1.new" && mv "$1.new" "$1"', 'sh', file],
      arguments: [],
      target,
      gpus: 0,
    });
    while (!existsSync(file)) await delay(5);
    const startedAt = Number(BigInt(readFileSync(file, 'utf8').trim()) / 1_000n) / 1_000;
    // The first ones warm the file caches and the compiler.
    if (number >= 0) times.push(startedAt - begin);
    while ((await worker.call('queue.list', {})).jobs.find((job) => job.runId === runId)?.state !== 'done')
      await delay(20);
  }
  return times;
}

/** A git repository as people have it: a commit, a change on top, files that are ignored. */
export function repository(root: string): string {
  const folder = path.join(root, 'workspace');
  mkdirSync(path.join(folder, 'src'), { recursive: true });
  mkdirSync(path.join(folder, 'started'));
  writeFileSync(path.join(folder, '.gitignore'), 'runs/\nstarted/\n');
  for (let number = 0; number < 200; number++)
    writeFileSync(path.join(folder, 'src', `module${number}.py`), `VALUE = ${number}\n`.repeat(50));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args], { cwd: folder });
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  writeFileSync(path.join(folder, 'src', 'module0.py'), 'VALUE = -1\n');
  return folder;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
