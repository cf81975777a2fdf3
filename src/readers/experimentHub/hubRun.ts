import path from 'node:path';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { RunFacts } from '../../domain/records.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import type { DatabaseView, Row } from '../sqlite/trackerDatabase.ts';
import { hubStatus } from './status.ts';

/** Rows of `metric_logs`, `system_stats` and `jobs` name their run so (backend/models/experiment.py). */
export const runColumn = ['run_id'] as const;

/** What the tables say of a run apart from its values. */
export interface HubRecord {
  readonly run: Row;
  readonly config: Row | undefined;
  readonly jobs: readonly Row[];
}

/** Whether tables are those of the hub. */
export function isHub(view: DatabaseView): boolean {
  return ['experiment_configs', 'experiment_runs', 'metric_logs'].every((name) => view.table(name) !== undefined);
}

/** What waits in the hub's queue has no run yet: its key is this and the number of its entry. */
const queueKey = /^queue:(\d+)$/;

/** The keys and names of all runs, and of what waits in the queue. */
export function listRecords(view: DatabaseView): readonly (readonly [key: string, name: string])[] {
  if (!isHub(view)) return [];
  const configs = new Map(view.rows('experiment_configs').map((row) => [row['id'], row]));
  const nameFor = (run: Row): string => nameOf({ run, config: configs.get(run['experiment_config_id'] ?? null) });
  const runs = view.rows('experiment_runs').map((run) => [String(run['id']), nameFor(run)] as const);
  const waiting = view.rows('queue_entries').filter(isWaiting);
  return [...runs, ...waiting.map((entry) => [`queue:${String(entry['id'])}`, nameFor(asRun(entry))] as const)];
}

function isWaiting({ status, run_id: run }: Row): boolean {
  return run === null && textOf(status)?.toLowerCase() === 'waiting';
}

/** An entry of the queue in the form of a run. */
function asRun({ experiment_config_id, status, position }: Row): Row {
  return {
    id: null,
    experiment_config_id: experiment_config_id ?? null,
    status: status ?? null,
    position: position ?? null,
  };
}

export function readRecord(view: DatabaseView, key: string): HubRecord | undefined {
  const entryId = queueKey.exec(key)?.[1];
  if (entryId !== undefined) return readWaiting(view, entryId);
  const run = view.keyed('experiment_runs', ['id'])?.firstOf(key);
  if (run === undefined) return undefined;
  const config = view.keyed('experiment_configs', ['id'])?.firstOf(String(run['experiment_config_id']));
  return { run, config, jobs: view.keyed('jobs', runColumn)?.rowsOf(key, 1000) ?? [] };
}

function readWaiting(view: DatabaseView, id: string): HubRecord | undefined {
  const entry = view.keyed('queue_entries', ['id'])?.firstOf(id);
  if (entry === undefined) return undefined;
  const config = view.keyed('experiment_configs', ['id'])?.firstOf(String(entry['experiment_config_id']));
  return { run: asRun(entry), config, jobs: [] };
}

/** The name of a run: its experiment's, with the run's number. */
export function nameOf({ run, config }: Pick<HubRecord, 'run' | 'config'>): string {
  const name = textOf(config?.['name']);
  if (run['id'] === null) return name ?? 'queued';
  return name === undefined ? `run ${String(run['id'])}` : `${name} #${String(run['id'])}`;
}

/** The facts of a run. `now` and times in seconds since 1970. */
export function factsOf(record: HubRecord, lastValueAt: number | null, now: number): RunFacts {
  const { run, config, jobs } = record;
  const startedAt = readHubTime(run['started_at']);
  const endedAt = readHubTime(run['ended_at']);
  const error = jobs.map((job) => textOf(job['error_message'])).findLast((message) => message !== undefined);
  const log = textOf(run['log_path']);
  const checkpoint = textOf(run['checkpoint_path']);
  const dirty = config?.['project_git_dirty'];
  return {
    name: nameOf(record),
    ...hubStatus({ word: textOf(run['status']) ?? '', startedAt, lastValueAt: lastValueAt ?? undefined, error, now }),
    ...(startedAt === undefined ? {} : { createdAt: startedAt, startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...objectFact('config', config?.['config_json']),
    ...objectFact('summary', run['metrics_summary']),
    ...textFact('project', config?.['project_name']),
    ...textFact('group', config?.['name']),
    ...textFact('trackerNote', config?.['description']),
    ...textFact('commit', config?.['project_git_commit']),
    ...(typeof dirty === 'number' && textOf(config?.['project_git_commit']) !== undefined
      ? { dirty: dirty === 1 }
      : {}),
    ...labels(config?.['tags']),
    ...(log !== undefined && path.isAbsolute(log)
      ? { console: [{ title: path.basename(log), file: log, encoding: 'text' as const }] }
      : {}),
    ...(checkpoint !== undefined && path.isAbsolute(checkpoint) ? { outputs: [checkpoint] } : {}),
  };
}

/** SQLAlchemy writes times without a zone; the hub means UTC (datetime.utcnow). */
export function readHubTime(value: unknown): number | undefined {
  const found =
    typeof value === 'string' ? /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(value) : null;
  if (found === null) return undefined;
  const [, day, time, fraction = '', zone = 'Z'] = found;
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000 + Number(`0${fraction || '.0'}`);
}

function labels(tags: unknown): RunFacts {
  const list = parse(tags);
  return Array.isArray(list) && list.length > 0 ? { trackerLabels: list.map(String) } : {};
}

function objectFact(name: 'config' | 'summary', value: unknown): RunFacts {
  const tree = parse(value);
  const isTree = tree !== null && typeof tree === 'object' && !Array.isArray(tree) && Object.keys(tree).length > 0;
  return isTree ? { [name]: tree as JsonObject } : {};
}

function textFact(name: 'project' | 'group' | 'trackerNote' | 'commit', value: unknown): RunFacts {
  const text = textOf(value);
  return text === undefined ? {} : { [name]: text };
}

function parse(value: unknown): Json {
  try {
    return typeof value === 'string' ? (parsePythonJson(value) as Json) : null;
  } catch {
    return null;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
