import path from 'node:path';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat, RunReader } from '../format.ts';
import { fileContainer, fileOf, fileRun } from '../text/foundFile.ts';
import { sampleHead } from '../text/headSample.ts';
import { JsonScan } from '../text/jsonScan.ts';
import { Surroundings } from '../text/surroundings.ts';
import { TailReader } from '../text/tailReader.ts';
import { recordsName } from './dialects.ts';
import { judgeRecords } from './judge.ts';

/**
 * Logs with a JSON object per record: baselines, Detectron2, MMEngine, the vision transformers, and what people write themselves under a name that says so.
 * A file is opened before it is taken for a run, since folders of data are full of JSON lines.
 */
export const jsonlFormat: RunFormat = {
  source: 'jsonl',
  title: 'JSON lines',
  match: matchFolder,
  list: listFile,
  open: (run) => openRecords(run.path),
  openFile: (run, fileName) => openRecords(fileOf(run, fileName)),
  matchFile: looksLikeRecords,
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  const names = folder.files.filter((name) => recordsName(name) !== undefined);
  if (names.length === 0) return undefined;
  return { runs: [], containers: names.map((name) => fileContainer('jsonl', folder, name)), descend: true };
}

async function listFile(container: RunContainer): Promise<ContainerListing> {
  const fileName = path.basename(container.path);
  const sample = await sampleHead(container.path);
  if (sample === undefined || sample.end === 0) return { runs: [], settled: false };
  const judged = judgeRecords(fileName, sample);
  if (judged.verdict === 'later') return { runs: [], settled: false };
  if (judged.verdict === 'none') {
    // Texts and single objects are no surprise under these names; lines of something else are.
    const isTold = !/\.(?:txt|json)$/i.test(fileName);
    return { runs: [], settled: true, ...(isTold ? { skipped: `it is no log of a training: ${judged.why}` } : {}) };
  }
  return { runs: [fileRun(container, recordsName(fileName))], settled: true };
}

function openRecords(file: string): RunReader {
  const surroundings = new Surroundings(path.dirname(file), path.basename(file));
  return new TailReader({ file, makeScan: (state) => new JsonScan(state), facts: () => surroundings.facts() });
}

/** For a file that was named by hand: any objects with steps, whatever it is called. */
function looksLikeRecords(fileName: string, head: Uint8Array): boolean {
  if (!/\.(?:jsonl|ndjson|jsonlines|json|txt|log)$/i.test(fileName)) return false;
  const bytes = new Uint8Array(head.length + 1);
  bytes.set(head);
  bytes[head.length] = 10;
  return judgeRecords(fileName, { bytes, end: head.length, isWhole: head.length < 4096 }).verdict === 'run';
}
