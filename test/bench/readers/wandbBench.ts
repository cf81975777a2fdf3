import path from 'node:path';
import { compared, median, type Row } from '../report.ts';
import { readInFreshProcess } from './inProcess.ts';
import type { BenchOutcome, BenchSize } from './subject.ts';
import { writeWandbRun } from './wandbLogs.ts';
import { findWandbPeer } from './wandbPeer.ts';

/** Transaction logs of W&B against wandb's own classes in Python. */
export async function benchWandbLogs(size: BenchSize): Promise<BenchOutcome> {
  const peer = await findWandbPeer();
  const folder = path.join(size.folder, 'wandb', 'run-20260101_000000-bench123');
  const run = { source: 'wandb', path: folder, root: size.folder, name: 'bench' } as const;
  const { bytes, rows: written, scalars, log } = writeWandbRun(folder, size.megabytes * 1e6);
  const times = { ours: [] as number[], values: [] as number[], texts: [] as number[] };
  // Step and time are values of the peer's, and columns of every value of ours.
  const values = scalars + 2 * written;
  for (let round = 0; round < size.rounds; round++) {
    times.ours.push((await readInFreshProcess(run, scalars)).milliseconds);
    if (peer === undefined) continue;
    times.values.push(await peer.read(log, values));
    times.texts.push(await peer.read(log, values, { keepTexts: true }));
  }
  const speed = (milliseconds: readonly number[]): number => bytes / 1e3 / median(milliseconds);
  const row = (name: string, peerTimes: readonly number[], goal?: number): Row =>
    compared({
      name,
      ours: speed(times.ours),
      peer: peerTimes.length === 0 ? null : speed(peerTimes),
      peerName: peer?.name ?? '',
      unit: 'MB/s',
      better: 'higher',
      ...(goal === undefined ? {} : { goal }),
    });
  const points = compared({
    name: 'transaction log, points',
    ours: scalars / 1e3 / median(times.ours),
    peer: null,
    peerName: '',
    unit: 'million/s',
    better: 'higher',
  });
  return {
    rows: [
      row('transaction log, every value of the history', times.values, 10),
      row('transaction log, the peer leaves values as texts', times.texts),
      points,
    ],
    notes: [
      `A transaction log of ${size.megabytes} MB as wandb 0.30 writes it: 20 metrics per step, and before each row two records of the summary, with their items in random order. In the disk cache; medians of ${size.rounds} rounds; ours and both settings of the peer take turns, each in a fresh process.`,
      'Time is from the first byte to the last value inside the process. The peer checks checksums, parses every record with the protocol buffers of the wandb package (upb, compiled code) and gathers the history in lists; ' +
        'it leaves summary, figures of the machine and output alone, which ours reads too. wandb 0.30 has no log reader in Python any more; the framing is then done by the same steps as in the reader of older versions (sdk/internal/datastore.py), which is as fast.',
    ],
  };
}
