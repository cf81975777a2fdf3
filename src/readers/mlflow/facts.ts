import type { RunArtifact } from '../../domain/artifact.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { RunFacts } from '../../domain/records.ts';
import { mlflowStatus, type RunLife } from './status.ts';

/** What MLflow holds of a run apart from its values. Times in milliseconds since 1970, as MLflow has them. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly startTime: number | undefined;
  readonly endTime: number | undefined;
  readonly isDeleted: boolean;
  readonly experiment: string | undefined;
  readonly params: { readonly [key: string]: string };
  readonly tags: { readonly [key: string]: string };
  /** Absolute path of the folder of its artifacts, where there is one here. */
  readonly artifacts: string | undefined;
  /** What lies in it. */
  readonly listed: readonly RunArtifact[];
}

/** The facts of a run. Parameters keep the texts that MLflow keeps. Tags that MLflow sets itself become facts, those of people become labels. */
export function factsOf(record: RunRecord, life: Pick<RunLife, 'lastValueAt' | 'now'>): RunFacts {
  const { id, startTime, endTime, experiment, params, tags, artifacts, listed } = record;
  const startedAt = toSeconds(startTime);
  const endedAt = toSeconds(endTime);
  const own = Object.entries(tags).filter(([key]) => !key.startsWith('mlflow.'));
  return {
    trackerId: id,
    ...given('name', record.name || tags['mlflow.runName']),
    ...mlflowStatus({ status: record.status, isDeleted: record.isDeleted, startedAt, ...life }),
    ...(startedAt === undefined ? {} : { createdAt: startedAt, startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(Object.keys(params).length === 0 ? {} : { config: params as JsonObject }),
    ...given('project', experiment),
    ...given('group', tags['mlflow.parentRunId']),
    ...given('commit', tags['mlflow.source.git.commit']),
    ...given('trackerNote', tags['mlflow.note.content']),
    ...given('host', tags['mlflow.host']),
    ...(own.length === 0
      ? {}
      : { trackerLabels: own.map(([key, value]) => (value === '' ? key : `${key}: ${value}`)) }),
    ...(artifacts === undefined ? {} : { outputs: [artifacts] }),
    ...(listed.length === 0 ? {} : { artifacts: listed }),
  };
}

function toSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined || !(milliseconds > 0) ? undefined : milliseconds / 1000;
}

function given<Name extends keyof RunFacts>(name: Name, value: string | undefined): { [N in Name]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { [N in Name]?: string });
}
