import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { layoutOf, type PythonLayout, type PythonObject } from '../../domain/pythonJson.ts';
import { experimentStates, type Registry, type RegistryExperiment } from '../../domain/registry.ts';
import { experimentOf, parseRegistry, plainObject } from '../../domain/registryFile.ts';

/** Where such a registry lies in a repository that says nothing else. Source: LatentWire, telepathy/experiment_registry.py. */
export const usualRegistryPlace = path.join('runs', 'experiment_registry.json');

/** A run that has not ended after so long is taken for dead by the scripts of that project. */
const staleSeconds = 24 * 3600;

/** The file's content with what is needed to write it again. */
export interface RegistryText {
  readonly root: PythonObject;
  readonly experiments: PythonObject;
  readonly layout: PythonLayout;
  /** Tells whether the file is still the one that was read. */
  readonly identity: string;
  readonly mode: number;
}

/** Reads the file as it is. `bad-file` where it is no registry: nothing may be written over it then. */
export function readRegistryText(file: string): Result<RegistryText, 'not-found' | 'bad-file'> {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts === undefined) return fail('not-found', `There is no registry ${file}.`);
  const text = readFileSync(file, 'utf8');
  const tree = parseRegistry(text);
  if (!tree.ok) return fail('bad-file', `${file} ${tree.message}.`);
  return ok({ ...tree.value, layout: layoutOf(text), identity: identityOf(file), mode: facts.mode & 0o777 });
}

/** Something that changes when the file does, also when another takes its place. */
export function identityOf(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false, bigint: true });
  return facts === undefined ? '' : `${facts.ino}:${facts.mtimeNs}:${facts.size}`;
}

/** A registry for people. A file that cannot be read is a registry with that problem and no experiments. */
export function readRegistry(file: string, now = Date.now() / 1000): Registry {
  const text = readRegistryText(file);
  if (!text.ok) return { file, experiments: [], meta: {}, problems: [text.message] };
  const problems: string[] = [];
  const experiments: RegistryExperiment[] = [];
  for (const [name, entry] of text.value.experiments) {
    if (entry instanceof Map) experiments.push(experimentOf(name, entry));
    else problems.push(`The entry "${name}" should be an object; it is left out.`);
  }
  problems.push(...problemsOf(file, experiments, now));
  const meta = text.value.root.get('meta');
  return { file, experiments, meta: meta instanceof Map ? plainObject(meta) : {}, problems };
}

/** What that project's own `--validate` looks at, and what it treats as dead. */
function problemsOf(file: string, experiments: readonly RegistryExperiment[], now: number): readonly string[] {
  const problems: string[] = [];
  const strange = experiments.filter(({ status }) => !(experimentStates as readonly string[]).includes(status));
  for (const { name, status } of strange.slice(0, 5)) problems.push(`"${name}" has the unknown status "${status}".`);
  const completed = experiments.filter(({ status }) => status === 'completed');
  const missing = completed.filter(({ resultFile }) => resultFile === undefined || !isThere(file, resultFile));
  if (missing.length > 0)
    problems.push(
      `${missing.length} of ${completed.length} completed experiments have no result file: ${nameSome(missing)}.`,
    );
  const stale = experiments.filter(({ status, startedAt }) => status === 'running' && isStale(startedAt, now));
  if (stale.length > 0)
    problems.push(
      `${stale.length} experiments have been running for more than a day, so they are dead: ${nameSome(stale)}.`,
    );
  return problems;
}

/** Result files are given relative to the folder that the scripts run in, which is the one above `runs`. */
function isThere(file: string, resultFile: string): boolean {
  const folder = path.dirname(file);
  return [path.dirname(folder), folder].some((base) => existsSync(path.resolve(base, resultFile)));
}

/** Times are local without a zone, as `datetime.now().isoformat()` gives them. */
function isStale(startedAt: string | undefined, now: number): boolean {
  const started = startedAt === undefined ? Number.NaN : Date.parse(startedAt) / 1000;
  return now - started > staleSeconds;
}

function nameSome(experiments: readonly RegistryExperiment[]): string {
  const names = experiments.slice(0, 5).map(({ name }) => name);
  return names.join(', ') + (experiments.length > names.length ? ` and ${experiments.length - names.length} more` : '');
}
