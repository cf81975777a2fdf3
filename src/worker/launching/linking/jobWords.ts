import type { RunId } from '../../../domain/ids.ts';
import type { Json, JsonObject } from '../../../domain/json.ts';
import type { RunFacts } from '../../../domain/records.ts';

/** What a job calls itself and its settings: by the name that it was launched with and the arguments of its processes. */
export interface JobWords {
  /** Every word that may be the name of its run. */
  readonly names: ReadonlySet<string>;
  /** Path of the key → value as text: "optimizer.lr" → "0.1", "--batch-size 8" is batch_size → "8". */
  readonly settings: ReadonlyMap<string, string>;
}

/** The words of a job's command lines. */
export function wordsOf(name: string, commands: readonly (readonly string[])[]): JobWords {
  const names = new Set([name]);
  const settings = new Map<string, string>();
  for (const words of commands) {
    for (const [index, word] of words.entries()) {
      const [, dashes, key, value] = /^([-+~]*)([\w./-]+)(?:=(.*))?$/s.exec(word) ?? [];
      const isOption = dashes?.startsWith('-') === true;
      const given = value ?? (isOption ? words[index + 1] : undefined);
      if (key !== undefined && given !== undefined) settings.set(keyOf(key), bare(given));
      if (!isOption || value !== undefined) names.add(bare(value ?? word));
    }
  }
  return { names, settings };
}

/** How many of a job's settings a configuration repeats, and how many it has with other values. Both 0 where it has none of them. */
export function compareSettings({ settings }: JobWords, config: JsonObject): { same: number; other: number } {
  let [same, other] = [0, 0];
  for (const [key, wanted] of settings) {
    const value = valueAt(config, key);
    if (value === undefined) continue;
    if (isSame(value, wanted)) same++;
    else other++;
  }
  return { same, other };
}

/**
 * What a tracker's own record tells of who wrote it. The id of a run is among its words where a program hands on its environment, or the run's directory;
 * a command line is the job's where it is the end of one, as trackers leave out interpreters and their options.
 */
export function recordedOf(
  facts: RunFacts | undefined,
  runId: RunId,
  commands: readonly (readonly string[])[],
): 'id' | 'command' | undefined {
  if (facts === undefined) return undefined;
  if (JSON.stringify([facts.config, facts.command, facts.trackerLabels, facts.trackerNote]).includes(runId))
    return 'id';
  // Behind the program, which trackers call by another name: the script and its arguments.
  const told = facts.command?.slice(1) ?? [];
  return told.length > 0 && commands.some((command) => endsWithCommand(command, told)) ? 'command' : undefined;
}

function endsWithCommand(command: readonly string[], [script = '', ...args]: readonly string[]): boolean {
  const at = command.length - args.length - 1;
  if (at < 0 || args.some((word, index) => word !== command[at + 1 + index])) return false;
  // Called by a relative path or an absolute one.
  const word = command[at]!;
  return word === script || script.endsWith(`/${word.replace(/^\.\//, '')}`) || word.endsWith(`/${script}`);
}

function keyOf(key: string): string {
  return key.replaceAll('-', '_').toLowerCase();
}

function bare(value: string): string {
  return /^(['"]).*\1$/s.test(value) ? value.slice(1, -1) : value;
}

/** A plain value of the tree; configurations are trees or have the whole path as one key. */
function valueAt(config: JsonObject, key: string): string | number | boolean | undefined {
  const inTree = key
    .split('.')
    .reduce<Json | undefined>((at, name) => (isObject(at) ? ownEntry(at, name) : undefined), config);
  const value = inTree ?? ownEntry(config, key);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

function ownEntry(tree: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(tree, name)) return tree[name];
  const alike = Object.keys(tree).find((each) => keyOf(each) === name);
  return alike === undefined ? undefined : tree[alike];
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function isSame(value: string | number | boolean, wanted: string): boolean {
  if (typeof value === 'boolean') return String(value) === wanted.toLowerCase();
  if (String(value) === wanted) return true;
  return wanted.trim() !== '' && Number(value) === Number(wanted);
}
