import { fail, ok, type Result } from '../base/result.ts';
import type { Json } from './json.ts';
import { PythonNumber, type PythonObject, type PythonValue, parsePythonJson } from './pythonJson.ts';
import type { RegistryExperiment } from './registry.ts';

/** The text of a registry as a tree in which everything keeps its form. */
export interface RegistryTree {
  readonly root: PythonObject;
  readonly experiments: PythonObject;
}

/** Reads the text of a registry. The message is a sentence's end: "is no registry…", "does not hold JSON…", to be put behind the file's name. */
export function parseRegistry(text: string): Result<RegistryTree, 'bad-file'> {
  try {
    const root = parsePythonJson(text);
    const experiments = root instanceof Map ? (root.get('experiments') ?? new Map()) : undefined;
    if (!(root instanceof Map) || !(experiments instanceof Map))
      return fail('bad-file', 'is no registry: it should be an object with "experiments"');
    return ok({ root, experiments });
  } catch (error) {
    return fail('bad-file', `does not hold JSON: something ${(error as Error).message}`);
  }
}

/** One entry of a registry, as far as its fields have the right types. */
export function experimentOf(name: string, entry: PythonObject): RegistryExperiment {
  const text = (key: string): string | undefined => {
    const value = entry.get(key);
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? value : JSON.stringify(plainValue(value));
  };
  const number = (key: string): number | undefined => {
    const value = entry.get(key);
    return value instanceof PythonNumber ? value.value : undefined;
  };
  const metrics = entry.get('metrics');
  const optional = {
    resultFile: text('result_file'),
    errorMessage: text('error_msg'),
    errorCategory: text('error_category'),
    exitCode: number('exit_code'),
    startedAt: text('started_at'),
    completedAt: text('completed_at'),
    gpu: text('gpu'),
  };
  return {
    name,
    status: text('status') ?? 'pending',
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<RegistryExperiment>),
    metrics: metrics instanceof Map ? plainObject(metrics) : {},
    markedForRerun: entry.get('marked_for_rerun') === true,
    retryCount: number('retry_count') ?? 0,
  };
}

/** The value of Python's JSON as an ordinary tree. NaN and infinities stay numbers. */
export function plainValue(value: PythonValue): Json {
  if (value instanceof PythonNumber) return value.value;
  if (value instanceof Map) return plainObject(value);
  return Array.isArray(value) ? value.map(plainValue) : (value as Json);
}

export function plainObject(object: PythonObject): { readonly [key: string]: Json } {
  return Object.fromEntries([...object].map(([key, value]) => [key, plainValue(value)]));
}
