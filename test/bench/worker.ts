// What the worker promises: a 10 M-point series and 200 × 100 k points in buckets, write → event, ten thousand runs listed, idling.
// There is no peer that does the same, so each row is held against its own limit. Run it on a quiet machine: npm run bench:worker.
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerConnection } from '../../src/client/index.ts';
import { appendBuckets, TileBuffer } from '../../src/store/series/buckets.ts';
import { SeriesColumns } from '../../src/store/series/columns.ts';
import { scalarV1, version } from '../unit/readers/support/events.ts';
import { TestWorker } from '../unit/worker/testWorker.ts';
import { limited, median, type Row, writeReport } from './report.ts';

const runs = 10_000;

writeReport(
  'worker',
  [...seriesRows(), ...(await liveRows()), ...(await listRows())],
  [
    'Queries are warm: the series is in memory with its pyramid. They are the middle of 30 calls with a window that moves.',
    'Write → event is the time from the end of `appendFileSync` to the arrival of `series.appended` at a client, 95th percentile of 80 writes.',
    `Listing ${runs} runs is the call folder.open of a worker that has just started on a home that knows them, its answer decoded. Idling is the processor time of worker, reader threads and client together.`,
  ],
);

function seriesRows(): Row[] {
  const long = series(10_000_000);
  const many = Array.from({ length: 200 }, () => series(100_000));
  return [
    queryRow('10 M points, all of them, 2000 buckets', [long], 10_000_000, 2_000, 0, 20),
    queryRow('10 M points, a tenth, 2000 buckets', [long], 1_000_000, 2_000, 0, 20),
    queryRow('10 M points, smoothed, 2000 buckets', [long], 10_000_000, 2_000, 0.9, 20),
    queryRow('200 × 100 k points, 300 buckets each', many, 100_000, 300, 0, 100),
  ];
}

function series(length: number): SeriesColumns {
  const steps = Float64Array.from({ length }, (_, index) => index);
  const values = steps.map((step) => Math.exp((-2 * step) / length) + Math.sin(step * 12.9898) * 0.1);
  return new SeriesColumns(
    steps,
    steps.map((step) => 1.7e9 + step * 0.1),
    values,
  );
}

function queryRow(
  name: string,
  all: readonly SeriesColumns[],
  span: number,
  buckets: number,
  smoothing: number,
  limit: number,
): Row {
  const query = (x0: number): void => {
    const buffer = new TileBuffer();
    for (const columns of all) {
      const smoothed = smoothing > 0 ? columns.smoothedView('step', smoothing) : undefined;
      appendBuckets(buffer, columns.view('step'), smoothed, { x0, x1: x0 + span, buckets }, 0);
    }
    buffer.finish();
  };
  for (let warm = 0; warm < 5; warm++) query(0);
  const times = Array.from({ length: 30 }, (_, index) => {
    const begin = performance.now();
    query(index * 1_000);
    return performance.now() - begin;
  });
  return limited({ name, ours: rounded(median(times)), unit: 'ms', better: 'lower', limit });
}

async function liveRows(): Promise<Row[]> {
  return withWorker(async (host, connect) => {
    const point = (step: number) => scalarV1(1.7e9 + step, step, 'loss', 1 / (step + 1));
    const file = host.write('logs/live/events.out.tfevents.1700000000.host', Buffer.concat([version(), point(0)]));
    const client = await connect();
    await client.call('folder.open', { folder: host.folder, trusted: true });
    const latencies: number[] = [];
    for (let step = 1; step <= 80; step++) {
      const told = new Promise<void>((resolve) => {
        const listener = client.on('series.appended', () => {
          listener.dispose();
          resolve();
        });
      });
      appendFileSync(file, point(step));
      const begin = performance.now();
      await told;
      latencies.push(performance.now() - begin);
      await delay(50 + Math.random() * 150);
    }
    const p95 = latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.95)]!;
    return [
      limited({ name: 'write → event, 95th percentile', ours: rounded(p95), unit: 'ms', better: 'lower', limit: 150 }),
    ];
  });
}

async function listRows(): Promise<Row[]> {
  return withWorker(async (host, connect) => {
    const content = Buffer.concat([version(), scalarV1(1.7e9, 0, 'loss', 1), scalarV1(1.7e9 + 1, 1, 'loss', 0.5)]);
    for (let run = 0; run < runs; run++) host.write(`logs/run-${run}/events.out.tfevents.1700000000.host`, content);
    const first = await connect();
    await first.call('folder.open', { folder: host.folder, trusted: true });
    while ((await first.call('runs.list', { folder: host.folder })).runs.length < runs) await delay(500);
    host.worker.catalog.flush();
    host.stop();
    await host.start();
    const client = await connect();
    const begin = performance.now();
    const { runs: listed } = await client.call('folder.open', { folder: host.folder, trusted: true });
    const listing = performance.now() - begin;
    if (listed.length !== runs) throw new Error(`${listed.length} runs were listed.`);
    await delay(20_000);
    const before = process.cpuUsage();
    await delay(20_000);
    const { user, system } = process.cpuUsage(before);
    return [
      limited({
        name: `${runs} runs listed by a fresh worker`,
        ours: rounded(listing),
        unit: 'ms',
        better: 'lower',
        limit: 300,
      }),
      limited({
        name: `idling on ${runs} runs`,
        ours: rounded((user + system) / 200_000),
        unit: '% of a core',
        better: 'lower',
        limit: 1,
      }),
    ];
  });
}

/** A worker in this process, asked as a window asks. */
async function withWorker<T>(
  use: (host: TestWorker, connect: () => Promise<WorkerConnection>) => Promise<T>,
): Promise<T> {
  const host = new TestWorker();
  try {
    await host.start();
    return await use(host, () => host.connect('extension'));
  } finally {
    host.end();
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
