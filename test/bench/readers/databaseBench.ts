import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FoundRun } from '../../../src/domain/records.ts';
import { compared, median, type Row } from '../report.ts';
import { type MadeDatabase, mainRun, writeMlflow, writeTrackio } from './databases.ts';
import { readInFreshProcess } from './inProcess.ts';
import { type BenchOutcome, type BenchSize, processorRow, type ReadingTimes } from './subject.ts';

type Kind = 'trackio' | 'mlflow';

const kinds: {
  readonly [K in Kind]: { readonly title: string; readonly write: (file: string, size: number) => MadeDatabase };
} = {
  trackio: { title: 'Trackio, JSON in BLOBs', write: writeTrackio },
  mlflow: { title: 'MLflow, a row per value', write: writeMlflow },
};

/** Trackers' databases against CPython's sqlite3. */
export async function benchDatabases(size: BenchSize): Promise<BenchOutcome> {
  const rows: Row[] = [];
  for (const kind of Object.keys(kinds) as Kind[]) rows.push(...(await measure(kind, size)));
  return {
    rows,
    notes: [
      `Databases of about ${size.megabytes} MB in the disk cache; one run of several is read. Medians of ${size.rounds} rounds; ours and the peer take turns, each in a fresh process.`,
      'Time is from opening to the last row as float64 columns of step, time and value per tag. Ours reads the pages itself, without locks; it looks at every row of the table once, to know which rows belong to which run and to notice later when one is replaced. The peer selects the run through the database’s index and decodes JSON with the json module; its connection is read-only. Processor time counts all threads of the process in that time, per megabyte of the whole file.',
    ],
  };
}

async function measure(kind: Kind, size: BenchSize): Promise<readonly Row[]> {
  const { title, write } = kinds[kind];
  const file = path.join(size.folder, `${kind}.db`);
  const { bytes, scalars } = write(file, size.megabytes * 1e6);
  const run: FoundRun = { source: kind, path: file, key: mainRun, root: size.folder, name: kind };
  const ours: ReadingTimes[] = [];
  const theirs: ReadingTimes[] = [];
  let peerName = '';
  for (let round = 0; round < size.rounds; round++) {
    ours.push(await readInFreshProcess(run, scalars));
    const peer = await readWithPython(kind, file, scalars);
    if (peer === undefined) continue;
    theirs.push(peer);
    peerName = peer.name;
  }
  const medianOf = (times: readonly ReadingTimes[]): number => median(times.map(({ milliseconds }) => milliseconds));
  const points = (times: readonly ReadingTimes[]): number => scalars / 1e3 / medianOf(times);
  return [
    compared({
      name: title,
      ours: points(ours),
      peer: theirs.length === 0 ? null : points(theirs),
      peerName,
      unit: 'million points/s',
      better: 'higher',
      goal: 1,
    }),
    processorRow(title, bytes, ours, theirs, peerName),
    compared({
      name: `whole file: ${title}`,
      ours: bytes / 1e3 / medianOf(ours),
      peer: null,
      peerName: '',
      unit: 'MB/s',
      better: 'higher',
    }),
  ];
}

/** Undefined where there is no Python. */
async function readWithPython(
  kind: Kind,
  file: string,
  expected: number,
): Promise<(ReadingTimes & { readonly name: string }) | undefined> {
  const program = path.join(import.meta.dirname, 'sqlitePeer.py');
  const ran = await promisify(execFile)('python3', [program, kind, file, mainRun]).catch(
    (error: { code?: unknown }) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (ran === undefined) return undefined;
  const { scalars, version, python, ...times } = JSON.parse(ran.stdout) as ReadingTimes & {
    scalars: number;
    version: string;
    python: string;
  };
  if (scalars !== expected) throw new Error(`The peer read ${scalars} of ${expected} scalars.`);
  return { ...times, name: `CPython ${python}, sqlite3 ${version}` };
}
