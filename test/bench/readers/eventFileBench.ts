import path from 'node:path';
import { compared, median, type Row } from '../report.ts';
import { type ScalarForm, writeEventFile } from './eventFiles.ts';
import { readInFreshProcess } from './inProcess.ts';
import { findRustPeer, type RustPeer } from './rustPeer.ts';
import type { BenchOutcome, BenchSize } from './subject.ts';

const forms: { readonly [Form in ScalarForm]: string } = {
  v1: 'simple_value, as PyTorch writes it',
  v2: 'tensors, as TensorFlow 2 writes them',
};

/** Event files against TensorBoard's own loader in Rust. */
export async function benchEventFiles(size: BenchSize): Promise<BenchOutcome> {
  const peer = await findRustPeer();
  const rows: Row[] = [];
  for (const form of Object.keys(forms) as ScalarForm[]) rows.push(...(await measure(form, size, peer)));
  return {
    rows,
    notes: [
      `Event files of ${size.megabytes} MB with 20 scalar tags, in the disk cache. Medians of ${size.rounds} rounds; ours and both settings of the peer take turns, each in a fresh process.`,
      'Time is from the first byte to the last row inside the process: start-up is left out on both sides, and the peer’s time is the one in its own log. ' +
        'The work is not quite the same: ours checks every checksum, keeps every point as float64 columns and remembers where it is; the peer was told to keep no point at all, ' +
        'and does not check checksums unless it is told to.',
    ],
  };
}

interface Times {
  readonly ours: number[];
  readonly checked: number[];
  readonly unchecked: number[];
}

async function measure(form: ScalarForm, size: BenchSize, peer: RustPeer | undefined): Promise<readonly Row[]> {
  const logs = path.join(size.folder, form);
  const run = { source: 'tensorboard', path: path.join(logs, 'run'), root: logs, name: 'run' } as const;
  const { bytes, scalars } = writeEventFile(run.path, form, size.megabytes * 1e6);
  const times: Times = { ours: [], checked: [], unchecked: [] };
  for (let round = 0; round < size.rounds; round++) {
    times.ours.push((await readInFreshProcess(run, scalars)).milliseconds);
    if (peer === undefined) continue;
    times.checked.push(await peer.load(logs, { checksum: true }));
    times.unchecked.push(await peer.load(logs, { checksum: false }));
  }
  const speed = (milliseconds: readonly number[]): number => bytes / 1e3 / median(milliseconds);
  const row = (name: string, peerTimes: readonly number[], about: string, goal?: number): Row =>
    compared({
      name: `${name}: ${forms[form]}`,
      ours: speed(times.ours),
      peer: peerTimes.length === 0 ? null : speed(peerTimes),
      peerName: describePeer(peer, about),
      unit: 'MB/s',
      better: 'higher',
      ...(goal === undefined ? {} : { goal }),
    });
  const points = scalars / 1e3 / median(times.ours);
  return [
    row('event file, checksums checked', times.checked, 'checksums on', 3),
    row('event file, the peer unchecked', times.unchecked, 'checksums off'),
    compared({
      name: `event file, points: ${forms[form]}`,
      ours: points,
      peer: null,
      peerName: '',
      unit: 'million/s',
      better: 'higher',
    }),
  ];
}

function describePeer(found: RustPeer | undefined, about: string): string {
  return found === undefined ? '' : `${found.name}, ${about}`;
}
