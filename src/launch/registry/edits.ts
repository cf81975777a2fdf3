import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { PythonNumber, type PythonObject, type PythonValue, parsePythonJson } from '../../domain/pythonJson.ts';
import { pythonInteger, type RegistryEdit } from './change.ts';

const resultSuffix = '_results.json';
const largestResultBytes = 50_000_000;
const deepest = 8;

/** What an edit of the registry did. */
export interface NamedEdit {
  readonly edit: RegistryEdit;
  /** The experiments that it changed, the last time it was applied. */
  readonly changed: () => readonly string[];
}

/** Marks experiments for another run, as the scripts' `--mark-rerun` does: their retries begin anew. */
export function markEdit(names: readonly string[], reason: string): NamedEdit {
  return editing(
    (name) => names.includes(name),
    (entry) => markedForRerun(entry, reason),
  );
}

/** Marks everything that failed. */
export function markFailedEdit(reason: string): NamedEdit {
  return editing(
    (_, entry) => entry.get('status') === 'failed',
    (entry) => markedForRerun(entry, reason),
  );
}

/** Takes the mark off again. */
export function unmarkEdit(names: readonly string[]): NamedEdit {
  return editing(
    (name) => names.includes(name),
    (entry) => {
      if (entry.get('marked_for_rerun') !== true) return undefined;
      const changed = new Map(entry);
      changed.set('marked_for_rerun', false);
      changed.delete('rerun_reason');
      return changed;
    },
  );
}

/** Adds experiments whose result files lie below the registry's folder and that it does not know; what it knows stays. */
export function rebuildEdit(registryFile: string): NamedEdit {
  const runs = path.dirname(registryFile);
  const found = new Map(
    resultFiles(runs).flatMap((file) => {
      const entry = entryFromResult(path.dirname(runs), file);
      return entry === undefined ? [] : [[experimentName(runs, file), entry] as const];
    }),
  );
  let changed: readonly string[] = [];
  return {
    changed: () => changed,
    edit: (experiments) => {
      const fresh = [...found].filter(([name]) => !experiments.has(name));
      if (fresh.length > 0) changed = fresh.map(([name]) => name);
      return fresh.length === 0 ? undefined : new Map([...experiments, ...fresh]);
    },
  };
}

function editing(
  isMeant: (name: string, entry: PythonObject) => boolean,
  change: (entry: PythonObject) => PythonObject | undefined,
): NamedEdit {
  const names = new Set<string>();
  const startsSeen = new Map<string, string>();
  return {
    changed: () => [...names],
    edit: (experiments) => {
      const edited = new Map<string, PythonValue>(experiments);
      let isChanged = false;
      for (const [name, entry] of experiments) {
        if (!(entry instanceof Map) || !isMeant(name, entry)) continue;
        // An experiment that was started since the first look has used up its mark: it is not marked a second time.
        const start = JSON.stringify(entry.get('started_at') ?? null);
        if ((startsSeen.get(name) ?? start) !== start) continue;
        startsSeen.set(name, start);
        const next = change(entry);
        if (next === undefined) continue;
        isChanged = true;
        names.add(name);
        edited.set(name, next);
      }
      return isChanged ? edited : undefined;
    },
  };
}

function markedForRerun(entry: PythonObject, reason: string): PythonObject | undefined {
  const retries = entry.get('retry_count');
  const isFresh = retries instanceof PythonNumber && retries.value === 0;
  if (entry.get('marked_for_rerun') === true && isFresh) return undefined;
  const changed = new Map(entry);
  changed.set('marked_for_rerun', true);
  changed.set('rerun_reason', reason);
  changed.set('retry_count', pythonInteger(0));
  return changed;
}

function resultFiles(folder: string, depth = 0): readonly string[] {
  if (depth > deepest) return [];
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) found.push(...resultFiles(file, depth + 1));
    else if (entry.isFile() && entry.name.endsWith(resultSuffix)) found.push(file);
  }
  return found.sort();
}

/** The name that those scripts give: the folder that the result lies in, or its own stem where it lies at the top. */
function experimentName(runs: string, file: string): string {
  const folder = path.dirname(file);
  return folder === runs ? path.basename(file, resultSuffix) : path.basename(folder);
}

function entryFromResult(base: string, file: string): PythonObject | undefined {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts === undefined || facts.size > largestResultBytes) return undefined;
  try {
    const result = parsePythonJson(readFileSync(file, 'utf8'));
    const metrics = result instanceof Map ? (result.get('final_results') ?? new Map()) : new Map();
    return new Map<string, PythonValue>([
      ['status', 'completed'],
      ['result_file', path.relative(base, file)],
      ['error_msg', null],
      ['exit_code', pythonInteger(0)],
      ['started_at', null],
      ['completed_at', new PythonNumber(String(facts.mtimeMs / 1000))],
      ['gpu', null],
      ['metrics', metrics],
      ['marked_for_rerun', false],
      ['retry_count', pythonInteger(0)],
    ]);
  } catch {
    // A result that is half written, or none, is no experiment yet.
    return undefined;
  }
}
