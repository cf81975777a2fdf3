import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { RunPlace } from '../../../domain/records.ts';
import type { RunLink } from '../../../domain/runDirectory.ts';
import { looksLikeEventFile } from '../../../readers/index.ts';
import { isInside } from '../../runs/folders.ts';
import { endsWithOverrides, hydraFolderAround, overridesOf, sameOverrides, wasMadeSince } from './hydraOutput.ts';

/** A job whose program may log elsewhere. */
export interface LinkedJob {
  /** The run's own directory. */
  readonly directory: string;
  /** The workspace folder, and where the program runs. */
  readonly folder: string;
  readonly cwd: string;
  /** What was given to the program behind its entry point. */
  readonly args: readonly string[];
  /** Argument vectors that its processes were seen with: launchers hand their arguments on, and add some. */
  readonly commands?: readonly (readonly string[])[];
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The same, of its end; absent while it runs. */
  readonly endedAt?: number | undefined;
}

/** Clocks of file systems are coarse. */
const slackMs = 1_500;

export function bornSince({ startedAt }: LinkedJob): number {
  return startedAt - slackMs;
}

/** Until when what begins may be the job's. Ends elsewhere are told in whole seconds, cut off; whoever begins a moment after the end is somebody else. */
export function bornUntil({ endedAt }: LinkedJob): number {
  if (endedAt === undefined) return Number.POSITIVE_INFINITY;
  return Number.isInteger(endedAt / 1000) ? endedAt + 999 : endedAt;
}

/** Links by what the job's own processes have open: the surest evidence that there is. */
export async function linksByOpenFiles(
  job: LinkedJob,
  files: Iterable<string>,
  known: readonly RunLink[],
): Promise<readonly RunLink[]> {
  const links: RunLink[] = [];
  for (const file of files) {
    if (isInside(file, job.directory) || isCovered(file, [...known, ...links])) continue;
    const link = await linkOfOpenFile(job, file);
    if (link !== undefined) links.push(link);
  }
  return links;
}

async function linkOfOpenFile(job: LinkedJob, file: string): Promise<RunLink | undefined> {
  const hydra = await hydraFolderAround(file, path.parse(file).root);
  const name = path.relative(job.folder, file);
  if (hydra !== undefined && mayBeLinked(job, hydra) && (await isNewHydra(job, hydra)))
    return linkTo(hydra, `The run's process has ${name} open, in the output folder of its Hydra.`);
  if (!looksLikeEventFile(path.basename(file), new Uint8Array())) return undefined;
  const folder = path.dirname(file);
  const evidence = `The run's process has ${name} open.`;
  if (mayBeLinked(job, folder) && (await holdsNothingOlder(job, folder))) return linkTo(folder, evidence);
  return { ...linkTo(folder, evidence), only: path.basename(file) };
}

/** Links by what Hydra wrote down: an output folder that was made since the start, with the job's overrides. */
export async function linkByOverrides(job: LinkedJob, output: string): Promise<RunLink | undefined> {
  if (!mayBeLinked(job, output) || !(await isNewHydra(job, output))) return undefined;
  const overrides = await overridesOf(output);
  if (overrides === undefined) return undefined;
  if (sameOverrides(job.args, overrides))
    return linkTo(output, 'Its Hydra was started after the run, with the overrides of the run.');
  if (overrides.length === 0 || !job.commands?.some((command) => endsWithOverrides(command, overrides)))
    return undefined;
  return linkTo(output, 'Its Hydra was started after the run, with the overrides that a process of the run has.');
}

/** Whether a path lies in what is linked already. Who has linked a run of a database has not linked the file. */
export function isCovered(file: string, links: readonly RunLink[]): boolean {
  return links.some(({ path: folder, only, key }) =>
    only === undefined ? isInside(file, folder) : key === undefined && path.join(folder, only) === file,
  );
}

/** The same of a run, which may lie in a database. */
export function isPlaceCovered(run: RunPlace, links: readonly RunLink[]): boolean {
  if (isCovered(run.path, links)) return true;
  return links.some(
    ({ path: folder, only, key, source }) =>
      key !== undefined && key === run.key && source === run.source && path.join(folder, only ?? '') === run.path,
  );
}

/** A link to a run that was found: to its folder, its file, or to what of its database it is. */
export async function linkToRun({ source, path: place, key }: RunPlace, evidence: string): Promise<RunLink> {
  const isFile = key !== undefined || (await stat(place).catch(() => undefined))?.isFile() === true;
  if (!isFile) return linkTo(place, evidence);
  const only = { only: path.basename(place), source, ...(key === undefined ? {} : { key }) };
  return { ...linkTo(path.dirname(place), evidence), ...only };
}

/** A link takes a folder with everything below it: never the project, the place of runs, or anything around them. */
export function mayBeLinked({ folder, cwd, directory }: LinkedJob, candidate: string): boolean {
  return [folder, cwd, path.dirname(directory), directory].every((place) => !isInside(place, candidate));
}

/** Whether Hydra made a folder while the job was at work. A sweep's `multirun.yaml` is written at its start. */
export async function isNewHydra(job: LinkedJob, folder: string): Promise<boolean> {
  const [since, until] = [bornSince(job), bornUntil(job)];
  for (const name of ['.hydra', 'multirun.yaml']) {
    const file = path.join(folder, name);
    if (await wasMadeSince(file, since)) return !(await wasMadeSince(file, until));
  }
  return false;
}

/** A folder in which an earlier run wrote belongs to that one as well. */
async function holdsNothingOlder(job: LinkedJob, folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return false;
  const logs = names.filter((name) => looksLikeEventFile(name, new Uint8Array()));
  const fresh = await Promise.all(logs.map((name) => wasMadeSince(path.join(folder, name), bornSince(job))));
  return fresh.every((isFresh) => isFresh);
}

export function linkTo(folder: string, evidence: string): RunLink {
  return { path: folder, evidence, linkedAt: Date.now() / 1000 };
}
