import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../../domain/json.ts';
import type {
  FoundRun,
  MediaRecord,
  PollResult,
  ReaderCursor,
  ReaderProblem,
  RunFacts,
  ScalarBatch,
} from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { readSmallText } from '../files/jsonFile.ts';
import { parseYaml } from '../files/yaml.ts';
import type { PollBudget, RunReader } from '../format.ts';
import { artifactMedia, findArtifacts, listArtifacts, loggedTables } from './artifacts.ts';
import { describeArtifacts } from './artifactTree.ts';
import { factsOf, type RunRecord } from './facts.ts';
import { MetricRows, readMetricLines } from './metricLines.ts';
import { listMetricFiles, readValues } from './runFolder.ts';

/** How far each metric's file was read, and which artifacts were told. */
interface FolderCursor {
  readonly metrics: { readonly [tag: string]: FilePosition };
  /** Time of writing by path. */
  readonly artifacts: { readonly [file: string]: number };
  readonly lastTime: number | null;
}

type FilePosition = readonly [inode: string, offset: number];

const version = 1;
const emptyCursor: FolderCursor = { metrics: {}, artifacts: {}, lastTime: null };
const largestPiece = 1 << 20;
const lineFeed = 10;
/** After so many polls without a change that shows in the folders, the files are read again. */
const pollsPerLook = 20;

/** Reads a run of MLflow's file store: a folder with a file per metric, parameter and tag (mlflow/store/tracking/file_store.py). */
export class MlflowFolderReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  #told: RunFacts = {};
  #known: { readonly look: string; readonly stored: Stored } | undefined;
  #polls = 0;

  constructor(run: FoundRun, now: () => number = () => Date.now() / 1000) {
    this.#run = run;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined, budget: PollBudget): Promise<PollResult> {
    const known = readCursor(cursor);
    let reading = await this.#read(known ?? emptyCursor, budget.maxBytes);
    const isChanged = reading.isChanged;
    if (isChanged) reading = await this.#read(emptyCursor, budget.maxBytes);
    const reset = isChanged || (cursor !== undefined && cursor !== null && known === undefined);
    const { record, artifacts, problems } = await this.#stored();
    const facts = factsOf(record, { lastValueAt: reading.lastTime ?? undefined, now: this.#now() });
    const told = reset ? {} : (known?.artifacts ?? {});
    const media = await this.#newMedia(artifacts, told);
    const changed = changedFacts(known === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const next = {
      version,
      metrics: reading.metrics,
      artifacts: { ...told, ...media.told },
      lastTime: reading.lastTime,
    };
    return {
      cursor: next as unknown as JsonObject,
      reset,
      more: reading.more,
      facts: changed,
      scalars: reading.scalars,
      media: media.records,
      problems: [...reading.problems, ...(known === undefined ? problems : [])],
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  async #read(from: FolderCursor, maxBytes: number): Promise<MetricsReading> {
    const reading = new MetricsReading(this.#run.path, from, maxBytes);
    for (const tag of await listMetricFiles(this.#run.path)) await reading.readFile(tag);
    // A metric that is gone belonged to a run that was written anew.
    reading.isChanged ||= Object.keys(from.metrics).some((tag) => !Object.hasOwn(reading.metrics, tag));
    return reading;
  }

  /** The run's own files are read again when one came or went, and now and then, since a tag is also written over in place. */
  async #stored(): Promise<Stored> {
    const folder = this.#run.path;
    const names = ['meta.yaml', 'params', 'tags', 'artifacts', '../meta.yaml'];
    const times = await Promise.all(names.map((name) => modifiedAt(path.join(folder, name))));
    const look = times.join(':');
    const isDue = this.#polls++ % pollsPerLook === 0;
    if (this.#known?.look !== look || isDue) this.#known = { look, stored: await readStored(folder) };
    return this.#known.stored;
  }

  /** Media of files that are new or were written again. */
  async #newMedia(
    artifacts: Artifacts | undefined,
    told: FolderCursor['artifacts'],
  ): Promise<{ readonly records: readonly MediaRecord[]; readonly told: FolderCursor['artifacts'] }> {
    const files = artifacts === undefined ? [] : await listArtifacts(artifacts.folder, artifacts.tables);
    const fresh = files.filter(({ file }) => !Object.hasOwn(told, file));
    return {
      records: fresh.map((file) => artifactMedia(file, 'artifacts')),
      told: Object.fromEntries(fresh.map(({ file, modifiedAt }) => [file, modifiedAt])),
    };
  }
}

/** What the files of a run say apart from its values. */
interface Stored {
  readonly record: RunRecord;
  readonly artifacts: Artifacts | undefined;
  readonly problems: readonly ReaderProblem[];
}

async function readStored(folder: string): Promise<Stored> {
  const meta = await readYaml(path.join(folder, 'meta.yaml'));
  const [params, tags] = await Promise.all([readValues(folder, 'params'), readValues(folder, 'tags')]);
  const experiment = await readYaml(path.join(path.dirname(folder), 'meta.yaml'));
  const id = textOf(meta.value['run_id'] ?? meta.value['run_uuid']) ?? path.basename(folder);
  const experimentId = textOf(meta.value['experiment_id']) ?? path.basename(path.dirname(folder));
  // Where the store was moved, the artifacts lie beside the other files of the run.
  const own = path.join(folder, 'artifacts');
  const isHere = await stat(own).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const store = path.dirname(path.dirname(folder));
  const artifacts = isHere ? own : await findArtifacts(textOf(meta.value['artifact_uri']), store, id, experimentId);
  const record: RunRecord = {
    id,
    name: textOf(meta.value['run_name']) || textOf(meta.value['name']) || '',
    status: textOf(meta.value['status']) ?? '',
    startTime: numberOf(meta.value['start_time']),
    endTime: numberOf(meta.value['end_time']),
    isDeleted: meta.value['lifecycle_stage'] === 'deleted' || isInTrash(folder),
    experiment: textOf(experiment.value['name']),
    params,
    tags,
    artifacts,
    listed: artifacts === undefined ? [] : await describeArtifacts(artifacts),
  };
  return {
    record,
    artifacts: isHere ? { folder: own, tables: loggedTables(tags['mlflow.loggedArtifacts']) } : undefined,
    problems: meta.problem === undefined ? [] : [{ file: 'meta.yaml', message: meta.problem }],
  };
}

function modifiedAt(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

interface Artifacts {
  readonly folder: string;
  readonly tables: ReadonlySet<string>;
}

/** One pass over the files of the metrics. */
class MetricsReading {
  readonly metrics: { [tag: string]: FilePosition } = {};
  readonly scalars: ScalarBatch[] = [];
  readonly problems: ReaderProblem[] = [];
  /** A file shrank or is another one: what was read before is void. */
  isChanged = false;
  more = false;
  lastTime: number | null;
  readonly #folder: string;
  readonly #from: FolderCursor;
  #left: number;
  #buffer = new Uint8Array(0);

  constructor(folder: string, from: FolderCursor, maxBytes: number) {
    this.#folder = folder;
    this.#from = from;
    this.#left = maxBytes;
    this.lastTime = from.lastTime;
  }

  async readFile(tag: string): Promise<void> {
    const file = path.join(this.#folder, 'metrics', tag);
    const found = await stat(file, { bigint: true }).catch(() => undefined);
    if (found === undefined) return;
    const inode = String(found.ino);
    const size = Number(found.size);
    const known = Object.hasOwn(this.#from.metrics, tag) ? this.#from.metrics[tag] : undefined;
    if (known !== undefined && (known[0] !== inode || known[1] > size)) this.isChanged = true;
    const offset = known?.[1] ?? 0;
    this.metrics[tag] = [inode, offset];
    if (size <= offset || this.isChanged) return;
    if (this.#left <= 0) this.more = true;
    else this.metrics[tag] = [inode, await this.#readFrom(file, tag, offset, size)];
  }

  /** Reads whole lines; gives back where it ended. */
  async #readFrom(file: string, tag: string, from: number, size: number): Promise<number> {
    const handle = await open(file, 'r').catch(() => undefined);
    if (handle === undefined) return from;
    try {
      const rows = new MetricRows();
      let offset = from;
      while (this.#left > 0) {
        const bytes = this.#bufferFor(size - offset);
        const { bytesRead } = await handle.read(bytes, 0, bytes.length - 1, offset);
        const end = bytes.subarray(0, bytesRead).lastIndexOf(lineFeed) + 1;
        const malformed = readMetricLines(bytes, 0, Math.max(0, end - 1), rows);
        for (const at of malformed)
          this.problems.push({
            file: `metrics/${tag}`,
            offset: offset + at,
            message: 'This line does not hold a time, a value and a step, so it was passed over.',
          });
        offset += end;
        this.#left -= bytesRead;
        if (offset >= size || end === 0) break;
        if (this.#left <= 0) this.more = true;
      }
      if (rows.count > 0) this.#add(tag, rows);
      return offset;
    } finally {
      await handle.close();
    }
  }

  /** Room for a piece and one byte behind it. */
  #bufferFor(bytes: number): Uint8Array {
    const wanted = Math.min(largestPiece, Math.max(4096, bytes)) + 1;
    if (this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted);
    return this.#buffer;
  }

  #add(tag: string, rows: MetricRows): void {
    const batch = rows.take(tag);
    this.scalars.push(batch);
    const last = batch.wallTimes.at(-1)!;
    if (Number.isFinite(last)) this.lastTime = Math.max(this.lastTime ?? 0, last);
  }
}

async function readYaml(file: string): Promise<{ readonly value: JsonObject; readonly problem?: string }> {
  const text = await readSmallText(file);
  if (!text.ok) return { value: {}, ...(text.reason === 'absent' ? {} : { problem: text.message }) };
  const tree = parseYaml(text.value, path.basename(file));
  return tree.ok ? { value: tree.value } : { value: {}, problem: tree.message };
}

function readCursor(cursor: ReaderCursor | undefined): FolderCursor | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const tree = cursor as unknown as FolderCursor & { version?: unknown };
  const isWhole = tree.version === version && isObject(tree.metrics) && isObject(tree.artifacts);
  return isWhole ? { metrics: tree.metrics, artifacts: tree.artifacts, lastTime: tree.lastTime ?? null } : undefined;
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Deleted experiments are moved to `.trash` (file_store.py, delete_experiment). */
function isInTrash(folder: string): boolean {
  return folder.split(path.sep).includes('.trash');
}
