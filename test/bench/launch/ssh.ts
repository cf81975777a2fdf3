import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectToWorker, type WorkerConnection } from '../../../src/client/index.ts';
import { missingServer, SshServer } from '../../targets/ssh/sshServer.ts';
import { buildWorker, WorkerHome } from '../../unit/worker/bundledWorker.ts';
import { limited, median, type Row } from '../report.ts';
import { repository } from './local.ts';

const launches = 40;
const limit = 400;

/** Launch → process started on a host behind ssh, the connection being open. Where there is no sshd the row has no figures: nothing is invented. */
export async function sshRows(): Promise<Row[]> {
  if (missingServer() !== undefined) return [row('p95', null), row('median', null)];
  const server = new SshServer();
  const product = await buildWorker(['worker', 'shim', 'readerThread', 'askpass']);
  const home = new WorkerHome();
  let worker: WorkerConnection | undefined;
  try {
    await server.start();
    const folder = repository(home.root);
    const there = path.join(home.root, 'there');
    const target = `{ kind: ssh, host: box, configFile: ${server.configFile}, folder: ${there} }`;
    writeFileSync(path.join(folder, 'trainyard.yaml'), `targets:\n  box: ${target}\n`);
    worker = await connectToWorker({ client: 'cli', version: '0.1.0', workerFile: product.file, env: home.env });
    await worker.call('folder.open', { folder, trusted: true });
    const times = await launchTimes(worker, folder, path.join(home.root, 'started'));
    const p95 = [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
    return [row('p95', p95), row('median', median(times))];
  } finally {
    const pid = worker?.hello.pid;
    worker?.dispose();
    home.end(pid === undefined ? [] : [pid]);
    product.remove();
    await server.end();
  }
}

/** As on this machine, with the state of the code known over there after the first launch, as in a series of runs. The mark lies outside of the folder, whose paths are translated. */
async function launchTimes(worker: WorkerConnection, folder: string, marks: string): Promise<readonly number[]> {
  mkdirSync(marks);
  const times: number[] = [];
  for (let number = -3; number < launches; number++) {
    const file = path.join(marks, String(number));
    const begin = Date.now() + (performance.now() % 1);
    const { runId } = await worker.call('command.launch', {
      requestId: `ssh-${number}`,
      folder,
      command: ['/bin/sh', '-c', 'date +%s%N > "$1.new" && mv "$1.new" "$1"', 'sh', file],
      arguments: [],
      target: { name: 'box' },
      gpus: 0,
    });
    while (!existsSync(file)) await delay(5);
    const startedAt = Number(BigInt(readFileSync(file, 'utf8').trim()) / 1_000n) / 1_000;
    if (number >= 0) times.push(startedAt - begin);
    while ((await worker.call('queue.list', {})).jobs.find((job) => job.runId === runId)?.state !== 'done')
      await delay(20);
  }
  return times;
}

function row(what: string, value: number | null): Row {
  const name = `launch → process, through an open ssh connection, ${what}`;
  if (value === null)
    return { name, ours: null, peer: null, peerName: '', unit: 'ms', ratio: null, goal: `< ${limit} ms`, met: null };
  return limited({ name, ours: Number(value.toPrecision(3)), unit: 'ms', better: 'lower', limit });
}
