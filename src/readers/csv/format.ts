import path from 'node:path';
import { isInsideDvclive } from '../dvclive/names.ts';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat, RunReader } from '../format.ts';
import { isLightningFolder, metricsFile } from '../lightning/names.ts';
import { CsvScan } from '../text/csvScan.ts';
import { fileContainer, fileOf, fileRun } from '../text/foundFile.ts';
import { sampleHead } from '../text/headSample.ts';
import { Surroundings } from '../text/surroundings.ts';
import { TailReader } from '../text/tailReader.ts';
import { tableName } from './dialects.ts';
import { judgeTable } from './judge.ts';

/**
 * Tables that loggers write: Keras, Stable-Baselines and OpenAI baselines, RLlib, Spinning Up, YOLO, and what people write themselves under a name
 * that says so. A table is opened before it is taken for a run, since folders of data are full of tables.
 */
export const csvFormat: RunFormat = {
  source: 'csv',
  title: 'CSV logs',
  match: matchFolder,
  list: listFile,
  open: (run) => openTable(run.path),
  openFile: (run, fileName) => openTable(fileOf(run, fileName)),
  matchFile: (fileName, head) => looksLikeTable(fileName, head),
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  if (isInsideDvclive(folder.path)) return undefined;
  const isLightning = isLightningFolder(folder);
  const names = folder.files.filter((name) => tableName(name) !== undefined && !(isLightning && name === metricsFile));
  if (names.length === 0) return undefined;
  return { runs: [], containers: names.map((name) => fileContainer('csv', folder, name)), descend: true };
}

async function listFile(container: RunContainer): Promise<ContainerListing> {
  const fileName = path.basename(container.path);
  const sample = await sampleHead(container.path);
  if (sample === undefined || sample.end === 0) return { runs: [], settled: false };
  const judged = judgeTable(fileName, sample);
  if (judged.verdict === 'later') return { runs: [], settled: false };
  if (judged.verdict === 'none')
    return { runs: [], settled: true, skipped: `it is no log of a training: ${judged.why}` };
  return { runs: [fileRun(container, tableName(fileName))], settled: true };
}

function openTable(file: string): RunReader {
  const surroundings = new Surroundings(path.dirname(file), path.basename(file));
  return new TailReader({ file, makeScan: (state) => new CsvScan(state), facts: () => surroundings.facts() });
}

/** For a file that was named by hand: any table of a training, whatever it is called. */
function looksLikeTable(fileName: string, head: Uint8Array): boolean {
  if (!/\.(?:csv|tsv|txt|log)$/i.test(fileName)) return false;
  const bytes = new Uint8Array(head.length + 1);
  bytes.set(head);
  bytes[head.length] = 10;
  const name = tableName(fileName) === undefined ? 'metrics.csv' : fileName;
  return judgeTable(name, { bytes, end: head.length, isWhole: head.length < 4096 }).verdict === 'run';
}
