import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { WorkerMethods } from '../protocol/worker.ts';
import { defaultTrackioFolders } from '../readers/trackio/names.ts';

/** Folders outside of a workspace in which trackers keep runs, as `trackers.folders` of the protocol says. Absolute, each once, those that are there. */
export async function trackerFolders({
  environment,
  trackio,
  further,
}: WorkerMethods['trackers.folders']['params']): Promise<readonly string[]> {
  const home = environment.HOME ?? environment.USERPROFILE ?? os.homedir();
  const given = further
    .map((folder) => folder.replace(/^~(?=$|[\\/])/, home))
    .filter((folder) => path.isAbsolute(folder));
  const wanted = [...given, ...(trackio ? defaultTrackioFolders(environment) : [])].map((folder) =>
    path.resolve(folder),
  );
  const there = await Promise.all(
    [...new Set(wanted)].map(async (folder) => ((await isFolder(folder)) ? folder : undefined)),
  );
  return there.filter((folder) => folder !== undefined);
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
}
