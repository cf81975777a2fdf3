import path from 'node:path';
import type { FoundRun, RunFacts } from '../../../domain/records.ts';

/** A folder or file that a run's record names, and the sentence that says so. */
export interface NamedPlace {
  readonly path: string;
  readonly why: string;
  /** Only shown, among others: it counts for a log that began while the run was at work. */
  readonly inPassing?: true;
}

/**
 * Places that a run names as its own: what it put out, where its output was written to, the folder that it worked in, arguments of its command that are
 * paths. The root itself and what lies around it are left out, since everything lies there.
 */
export function namedPlaces(found: FoundRun, facts: RunFacts): readonly NamedPlace[] {
  const { outputs = [], console: logs = [], cwd, command = [], shows = [] } = facts;
  const named: NamedPlace[] = [
    ...outputs.map((file) => ({ path: file, why: 'One names the other as its output.' })),
    ...logs.map(({ file }) => ({ path: file, why: 'One names the other as its console log.' })),
    ...(cwd === undefined ? [] : [{ path: cwd, why: 'One worked in the folder of the other.' }]),
    ...shows.map((place) => ({ path: place, ...shownBy(found) })),
    ...command
      .map((argument) => argument.slice(argument.indexOf('=') + 1))
      .filter((text) => text.includes('/') && !text.includes('\0'))
      .map((text) => ({
        path: path.resolve(cwd ?? found.root, text),
        why: "One's command names the place of the other.",
      })),
  ];
  return named.filter((place) => path.isAbsolute(place.path) && !isAround(place.path, found));
}

function shownBy({ source }: FoundRun): Pick<NamedPlace, 'why' | 'inPassing'> {
  if (source === 'registry') return { why: 'One lies in the folder that the experiment of the registry left.' };
  return { why: 'The output of the job shows the place of the other.', inPassing: true };
}

function isAround(place: string, { root, path: own }: FoundRun): boolean {
  const relative = path.relative(place, root);
  return relative === '' || !relative.startsWith('..') || place === own;
}
