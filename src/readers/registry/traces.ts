import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { WallTimeSeconds } from '../../domain/ids.ts';
import { skipByName } from '../discovery/skip.ts';
import { parseLocalTime } from '../files/localTime.ts';

/** What an experiment left beside its registry: folders and logs that carry its name, those of its latest attempt first. */
export interface Traces {
  readonly folders: readonly string[];
  readonly logs: readonly string[];
  /** What lies in the folder of the latest attempt, some levels deep: loggers write there too. */
  readonly inside: readonly string[];
}

interface Trace {
  readonly path: string;
  /** The moment in its path, where there is one: `runs/bridge_8_20260117_021109`, `runs/all_20260118_011605/novel/bridge_8.log`. */
  readonly time: WallTimeSeconds | undefined;
}

interface TraceIndex {
  readonly folders: ReadonlyMap<string, readonly Trace[]>;
  readonly logs: ReadonlyMap<string, readonly Trace[]>;
}

const deepest = 3;
const mostFolders = 3_000;
const mostLogs = 10;
const mostContents = 60;
/** Scripts make the folder a moment before or after they note the start. */
const toleranceSeconds = 120;

const kept = new Map<string, { readonly madeAt: number; readonly index: Promise<TraceIndex> }>();
const mostKept = 4;

/** Finds what carries an experiment's name below the registry's folder. The names are listed again when they are older than `maxAgeSeconds`. */
export async function tracesOf(
  folder: string,
  experiment: string,
  { startedAt, maxAgeSeconds }: { readonly startedAt: WallTimeSeconds | undefined; readonly maxAgeSeconds: number },
): Promise<Traces> {
  const index = await indexOf(folder, maxAgeSeconds);
  const folders = byAttempt(index.folders.get(experiment) ?? [], startedAt);
  const named = byAttempt(index.logs.get(experiment) ?? [], startedAt);
  const inside = await Promise.all(folders.slice(0, mostLogs).map(logsIn));
  return {
    folders,
    logs: [...new Set([...inside.flat(), ...named])].slice(0, mostLogs),
    inside: folders[0] === undefined ? [] : await contentsOf(folders[0]),
  };
}

async function indexOf(folder: string, maxAgeSeconds: number): Promise<TraceIndex> {
  const now = performance.now() / 1000;
  const known = kept.get(folder);
  if (known !== undefined && now - known.madeAt < maxAgeSeconds) return known.index;
  const index = makeIndex(folder);
  kept.delete(folder);
  kept.set(folder, { madeAt: now, index });
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  return index;
}

async function makeIndex(root: string): Promise<TraceIndex> {
  const folders = new Map<string, Trace[]>();
  const logs = new Map<string, Trace[]>();
  let level = [root];
  let left = mostFolders;
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (left-- <= 0) break;
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        const place = path.join(folder, entry.name);
        if (entry.isFile() && isLog(entry.name)) note(logs, entry.name.replace(/\.\w+$/, ''), place);
        if (!entry.isDirectory() || entry.name.startsWith('.') || skipByName(entry.name) !== undefined) continue;
        note(folders, entry.name, place);
        next.push(place);
      }
    }
    level = next;
  }
  return { folders, logs };
}

/** A name stands for itself and for what it is without the time that scripts put behind it. */
function note(index: Map<string, Trace[]>, name: string, place: string): void {
  const time = timeIn(place);
  for (const key of new Set([name, name.replace(timeSuffix, '')])) {
    const traces = index.get(key) ?? [];
    traces.push({ path: place, time });
    index.set(key, traces);
  }
}

const timeSuffix = /[_.-](?:\d{8}(?:[_T-]?\d{4,6})?|\d{4}-\d\d-\d\d(?:[_T-][\d:-]+)?|\d{10,13})$/;

function timeIn(place: string): WallTimeSeconds | undefined {
  const compact = [...place.matchAll(/(\d{4})(\d\d)(\d\d)[_T-]?(\d\d)(\d\d)(\d\d)(?!\d)/g)].at(-1);
  if (compact !== undefined) {
    const [, year, month, day, hour, minute, second] = compact;
    return parseLocalTime(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
  }
  const dashed = [...place.matchAll(/(\d{4}-\d\d-\d\d)[_T/-](\d\d)[:-](\d\d)[:-](\d\d)/g)].at(-1);
  return dashed === undefined ? undefined : parseLocalTime(`${dashed[1]}T${dashed[2]}:${dashed[3]}:${dashed[4]}`);
}

/** The attempt that the registry speaks of is the last one that began before its start; older and later ones follow, the newest first. */
function byAttempt(traces: readonly Trace[], startedAt: WallTimeSeconds | undefined): readonly string[] {
  const limit = startedAt === undefined ? Number.POSITIVE_INFINITY : startedAt + toleranceSeconds;
  const isLater = ({ time }: Trace): number => Number((time ?? 0) > limit);
  return traces
    .toSorted((a, b) => isLater(a) - isLater(b) || (b.time ?? 0) - (a.time ?? 0) || (a.path < b.path ? -1 : 1))
    .map((trace) => trace.path);
}

async function logsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter(isLog)
    .sort()
    .map((name) => path.join(folder, name));
}

/** A folder with the folders and files below it; of a large one only the first. */
async function contentsOf(folder: string): Promise<readonly string[]> {
  const contents = [folder];
  let level = [folder];
  for (let depth = 0; depth < deepest && contents.length < mostContents; depth++) {
    const next: string[] = [];
    for (const each of level) {
      if (contents.length >= mostContents) break;
      for (const entry of await readdir(each, { withFileTypes: true }).catch(() => [])) {
        contents.push(path.join(each, entry.name));
        if (entry.isDirectory() && skipByName(entry.name) === undefined) next.push(path.join(each, entry.name));
      }
    }
    level = next;
  }
  return contents.slice(0, mostContents);
}

function isLog(name: string): boolean {
  return /\.(?:log|out|err)$/.test(name);
}

/** When one of the files was last written. */
export async function latestChange(files: readonly string[]): Promise<WallTimeSeconds | undefined> {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (facts) => facts.mtimeMs / 1000,
        () => 0,
      ),
    ),
  );
  const latest = Math.max(0, ...times);
  return latest === 0 ? undefined : latest;
}
