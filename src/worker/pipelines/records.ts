import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { PipelineRun } from '../../domain/project.ts';
import type { TargetChoice } from '../../domain/target.ts';
import { readJson, writeJsonSynced } from '../../launch/files.ts';
import type { PlannedStage } from './plan.ts';

/** What is kept of a pipeline that was launched, enough to go on after the worker's death. */
export interface PipelineRecord {
  readonly format: 1;
  readonly run: PipelineRun;
  readonly requestId: string;
  readonly target: TargetChoice;
  readonly plan: readonly PlannedStage[];
}

/** Beside the runs, so that it goes where they go; the leading dot keeps it out of every search for runs. */
const place = path.join('runs', '.pipelines');
const keptRecords = 200;

/** All records of a folder, the latest first. Files that cannot be read are left out. */
export function readRecords(folder: string): readonly PipelineRecord[] {
  return namesOf(folder)
    .sort()
    .reverse()
    .slice(0, keptRecords)
    .flatMap((name) => {
      const record = readJson<PipelineRecord>(path.join(folder, place, name));
      return record?.format === 1 && Array.isArray(record.run?.stages) ? [record] : [];
    });
}

/** Ids sort by time, so the names of the files do. */
export function writeRecord(record: PipelineRecord): void {
  const folder = path.join(record.run.folder, place);
  mkdirSync(folder, { recursive: true });
  writeJsonSynced(path.join(folder, `${record.run.id}.json`), record);
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(path.join(folder, place)).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
