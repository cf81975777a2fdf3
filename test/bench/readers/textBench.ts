import path from 'node:path';
import { compared, median, type Row } from '../report.ts';
import { type DuckPeer, findDuckPeer } from './duckPeer.ts';
import { readInFreshProcess } from './inProcess.ts';
import { type BenchOutcome, type BenchSize, processorRow, type ReadingTimes } from './subject.ts';
import { type TextForm, writeTextLog } from './textTables.ts';

const forms: { readonly [Form in TextForm]: { readonly title: string; readonly source: 'csv' | 'jsonl' } } = {
  dense: { title: 'CSV, every cell filled', source: 'csv' },
  ragged: { title: 'CSV, ragged as Lightning writes it', source: 'csv' },
  jsonl: { title: 'JSON lines', source: 'jsonl' },
};

/** CSV and JSON lines against DuckDB on one thread. */
export async function benchTextLogs(size: BenchSize): Promise<BenchOutcome> {
  const peer = await findDuckPeer();
  const rows: Row[] = [];
  for (const form of Object.keys(forms) as TextForm[]) rows.push(...(await measure(form, size, peer)));
  return {
    rows,
    notes: [
      `Logs of ${size.megabytes} MB with 12 columns, in the disk cache; float32 and float64 values with all their digits, as Python prints them. Medians of ${size.rounds} rounds; ours and the peer take turns, each in a fresh process.`,
      'Time is from the first byte to the last row: ours ends with float64 columns of step, time and value per tag, the peer’s with a table in memory (CREATE TABLE AS SELECT), both on one thread. Ours remembers where it is, so that it can go on when the file grows; the peer finds the types of the columns by itself. Processor time counts all threads of the process in that time: compilers and garbage collectors too.',
    ],
  };
}

async function measure(form: TextForm, size: BenchSize, peer: DuckPeer | undefined): Promise<readonly Row[]> {
  const { title, source } = forms[form];
  const file = path.join(size.folder, `${form}.${source}`);
  const { bytes, scalars } = writeTextLog(file, form, size.megabytes * 1e6);
  const run = { source, path: file, root: size.folder, name: form } as const;
  const ours: ReadingTimes[] = [];
  const theirs: ReadingTimes[] = [];
  for (let round = 0; round < size.rounds; round++) {
    ours.push(await readInFreshProcess(run, scalars));
    if (peer !== undefined) theirs.push(await peer.read(file, source === 'csv' ? 'csv' : 'json'));
  }
  const speed = (times: readonly ReadingTimes[]): number =>
    bytes / 1e3 / median(times.map(({ milliseconds }) => milliseconds));
  const peerName = peer === undefined ? '' : `${peer.name}, one thread`;
  return [
    compared({
      name: title,
      ours: speed(ours),
      peer: theirs.length === 0 ? null : speed(theirs),
      peerName,
      unit: 'MB/s',
      better: 'higher',
      goal: 1,
    }),
    processorRow(title, bytes, ours, theirs, peerName),
    compared({
      name: `points: ${title}`,
      ours: scalars / 1e3 / median(ours.map(({ milliseconds }) => milliseconds)),
      peer: null,
      peerName: '',
      unit: 'million/s',
      better: 'higher',
    }),
  ];
}
