// Reading of event files against TensorBoard's own loader, turn by turn, each in a fresh process.
// Options: --rounds N (default 7), --megabytes N (default 100).
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type ScalarForm, writeEventFile } from './readers/eventFiles.ts';
import { findRustPeer, type RustPeer } from './readers/rustPeer.ts';
import { compared, median, type Row, writeReport } from './report.ts';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, megabytes: { type: 'string', default: '100' } },
});
const rounds = Number(options.rounds);
const size = Number(options.megabytes) * 1e6;

const forms: { readonly [Form in ScalarForm]: string } = {
  v1: 'simple_value, as PyTorch writes it',
  v2: 'tensors, as TensorFlow 2 writes them',
};

const peer = await findRustPeer();
const temporary = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
try {
  const rows: Row[] = [];
  for (const form of Object.keys(forms) as ScalarForm[]) rows.push(...(await measure(form)));
  writeReport('readers', rows, [
    `Event files of ${Math.round(size / 1e6)} MB with 20 scalar tags, in the disk cache. Medians of ${rounds} rounds; ours and both settings of the peer take turns, each in a fresh process.`,
    'Time is from the first byte to the last row inside the process: start-up is left out on both sides, and the peer’s time is the one in its own log. ' +
      'The work is not quite the same: ours checks every checksum, keeps every point as float64 columns and remembers where it is; the peer was told to keep no point at all, ' +
      'and does not check checksums unless it is told to.',
  ]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

interface Times {
  readonly ours: number[];
  readonly checked: number[];
  readonly unchecked: number[];
}

async function measure(form: ScalarForm): Promise<readonly Row[]> {
  const logs = path.join(temporary, form);
  const { bytes, scalars } = writeEventFile(path.join(logs, 'run'), form, size);
  const times: Times = { ours: [], checked: [], unchecked: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await readOurs(path.join(logs, 'run'), scalars));
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
  return [
    row('event file, checksums checked', times.checked, 'checksums on', 2),
    row('event file, the peer unchecked', times.unchecked, 'checksums off'),
  ];
}

function describePeer(found: RustPeer | undefined, about: string): string {
  return found === undefined ? '' : `${found.name}, ${about}`;
}

/** One reading in a process of its own; it must find every scalar. */
async function readOurs(folder: string, expected: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(import.meta.dirname, 'readers', 'ours.ts'),
    folder,
  ]);
  const { milliseconds, scalars } = JSON.parse(stdout) as { milliseconds: number; scalars: number };
  if (scalars !== expected) throw new Error(`${scalars} of ${expected} scalars were read.`);
  return milliseconds;
}
