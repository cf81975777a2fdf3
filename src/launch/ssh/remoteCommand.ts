import path from 'node:path';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runEnvironment } from '../../domain/runDirectory.ts';
import type { SshSettings } from '../../domain/target.ts';

/** Where things of a launch lie here and over there. */
export interface Places {
  /** Root of the code here (the repository) and over there. */
  readonly root: string;
  readonly remoteRoot: string;
  /** The run's directory here and over there. */
  readonly directory: string;
  readonly remoteDirectory: string;
  /** A file here → its path over there: the checkpoint to go on from. */
  readonly inputs?: ReadonlyMap<string, string>;
}

export interface RemoteCommand {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
}

/**
 * The command as it runs over there: paths of this machine's repository and run directory are put in terms of the other one, everything else stays
 * as it is. A Python of an environment of this machine is replaced by the target's, since environments do not travel.
 */
export function remoteCommand(record: LaunchRecord, settings: SshSettings, places: Places): RemoteCommand {
  const there = (text: string) => translate(text, places);
  const [program = '', ...args] = record.command;
  const env = { ...record.env, ...settings.env };
  return {
    command: [
      isPythonHere(program, settings, places) ? (settings.python ?? 'python3') : there(program),
      ...args.map(there),
    ],
    cwd: there(record.cwd),
    env: {
      // Output that waits in a buffer cannot be watched.
      PYTHONUNBUFFERED: '1',
      ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, there(value)])),
      [runEnvironment.runId]: record.id,
      [runEnvironment.runDirectory]: places.remoteDirectory,
    },
  };
}

/** An absolute path of a Python is one of this machine's environments, unless the code lies over there already with an environment in it. */
function isPythonHere(program: string, { code }: SshSettings, { root }: Places): boolean {
  if (!path.isAbsolute(program) || !/^python[\d.]*$/.test(path.basename(program))) return false;
  return code !== 'none' || !program.startsWith(`${root}/`);
}

/** Longest first: the run's directory usually lies in the repository. */
function translate(text: string, { root, remoteRoot, directory, remoteDirectory, inputs }: Places): string {
  let result = text;
  for (const [here, there] of inputs ?? []) result = replacePath(result, here, there);
  return replacePath(replacePath(result, directory, remoteDirectory), root, remoteRoot);
}

/** Replaces a path where it stands as one: at the start or behind a separator, and up to its end or a slash. */
function replacePath(text: string, here: string, there: string): string {
  let result = '';
  let from = 0;
  for (;;) {
    const at = text.indexOf(here, from);
    if (at < 0) return result + text.slice(from);
    const end = at + here.length;
    const begins = at === 0 || /[=:,;'"[({\s]/.test(text[at - 1]!);
    const ends = end === text.length || /[/:,;'"\])}\s]/.test(text[end]!);
    result += text.slice(from, at) + (begins && ends ? there : here);
    from = end;
  }
}
