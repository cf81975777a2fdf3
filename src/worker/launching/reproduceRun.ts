import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { programVersion } from '../../base/version.ts';
import type { EntryPoint } from '../../domain/entryPoint.ts';
import type { LaunchRecord, LaunchRequest } from '../../domain/launch.ts';
import { type RunFile, runFiles } from '../../domain/runDirectory.ts';
import { readJson } from '../../launch/files.ts';
import type { DataFacts } from '../../launch/snapshot/data.ts';
import { snapshotFiles } from '../../launch/snapshot/snapshotFiles.ts';
import { makeWorktree, removeWorktree, type Worktree } from '../../launch/worktree/reproduce.ts';
import { isInside } from '../runs/folders.ts';
import { type CommandRun, commandRequest } from './commandAgain.ts';
import type { Launcher } from './launcher.ts';
import type { LaunchedRun } from './prepared.ts';

/** A run that was launched anew as it was. */
export interface Reproduced {
  readonly launched: LaunchedRun;
  /** Where its code lies: a worktree for a command, the folder itself for a recipe, whose code is Trainyard's own. */
  readonly worktree: string;
  /** Sentences: from what it was made, and what could not be restored. */
  readonly remarks: readonly string[];
}

/**
 * Launches a command again with the code, configuration and arguments that it had: in a worktree at its commit, with its patch and untracked files.
 * Throws `conflict` where its code was not recorded.
 */
export async function reproduceCommand(
  launcher: Launcher,
  run: CommandRun,
  record: LaunchRecord,
  requestId: string,
): Promise<Reproduced> {
  const request = { ...commandRequest(run, record), requestId };
  const folder = request.folder;
  const place = freePlace(path.join(await worktreesFolder(folder), request.name ?? run.name));
  const worktree = await makeWorktree(folder, record, run.path, place);
  try {
    const there = moved(folder, worktree);
    const remarks = [...worktree.remarks, ...(await linkData(run.path, folder, worktree))];
    const cwd = there(record.cwd);
    const entry = record.commandLaunch?.entry;
    const { command, ...rest } = request;
    const launched = await launcher.launchRequest(
      {
        ...rest,
        cwd,
        arguments: request.arguments.map(there),
        ...(command === undefined ? {} : { command: programThere(command, record.cwd, cwd, there) }),
      },
      {
        resumedFrom: undefined,
        codeFolder: worktree.folder,
        ...(entry === undefined ? {} : { entry: entryThere(entry, record.cwd, cwd, there) }),
      },
    );
    return { launched, worktree: worktree.folder, remarks };
  } catch (error) {
    await removeWorktree(folder, place);
    throw error;
  }
}

/** Launches a recipe again with the configuration that the run had in the end, seed included. */
export async function reproduceRecipe(
  launcher: Launcher,
  runPath: string,
  request: LaunchRequest,
  requestId: string,
): Promise<Reproduced> {
  const { versions } = readJson<RunFile>(path.join(runPath, runFiles.run)) ?? {};
  const launched = await launcher.launch({
    ...request,
    requestId,
    configFile: path.join(runPath, runFiles.config),
    overrides: [],
  });
  const isOther = versions !== undefined && versions.trainyard !== programVersion;
  const remarks = isOther
    ? [`The recipe is that of Trainyard ${programVersion}; the run had ${versions.trainyard}.`]
    : [];
  return { launched, worktree: request.folder, remarks };
}

/** A folder beside the code that git does not see. */
async function worktreesFolder(folder: string): Promise<string> {
  const own = path.join(folder, '.trainyard');
  await mkdir(path.join(own, 'worktrees'), { recursive: true });
  const ignore = path.join(own, '.gitignore');
  if (!existsSync(ignore))
    await writeFile(ignore, '# Worktrees of reproduced runs. Everything here can be made again.\n*\n');
  return path.join(own, 'worktrees');
}

function freePlace(wanted: string): string {
  let place = wanted;
  for (let number = 2; existsSync(place); number++) place = `${wanted}-${number}`;
  return place;
}

/** Puts paths of the original folder into the worktree, where there is such a thing. Others stay: environments and data lie outside of what git keeps. */
function moved(folder: string, worktree: Worktree): (text: string) => string {
  return (text) => {
    if (!path.isAbsolute(text) || !isInside(text, folder)) return text;
    const there = path.join(worktree.folder, path.relative(folder, text));
    return existsSync(there) ? there : text;
  };
}

/** A program that lies in the original folder and not in the worktree, such as `.venv/bin/python`, is called by its whole path. */
function programThere(
  command: readonly string[],
  oldCwd: string,
  cwd: string,
  there: (text: string) => string,
): readonly string[] {
  return command.map((word, index) => {
    if (index > 0 || path.isAbsolute(word) || !word.includes('/')) return there(word);
    const isOnlyHere = !existsSync(path.resolve(cwd, word)) && existsSync(path.resolve(oldCwd, word));
    return isOnlyHere ? path.resolve(oldCwd, word) : word;
  });
}

function entryThere(entry: EntryPoint, oldCwd: string, cwd: string, there: (text: string) => string): EntryPoint {
  const { configDir } = entry.hydra ?? {};
  return {
    ...entry,
    cwd,
    command: programThere(entry.command, oldCwd, cwd, there),
    ...(entry.file === undefined ? {} : { file: there(entry.file) }),
    ...(entry.hydra === undefined || configDir === undefined
      ? {}
      : { hydra: { ...entry.hydra, configDir: there(configDir) } }),
  };
}

/** Data that lies in the folder but not in git is linked into the worktree, and it is said where it is not what it was. */
async function linkData(runPath: string, folder: string, worktree: Worktree): Promise<readonly string[]> {
  const text = await readFile(path.join(runPath, snapshotFiles.data), 'utf8').catch(() => '[]');
  const remarks: string[] = [];
  for (const data of JSON.parse(text) as readonly DataFacts[]) {
    const now = await stat(data.path).catch(() => undefined);
    if (now === undefined) remarks.push(`${data.path} (${data.key}) is gone.`);
    else if (data.kind === 'file' && (now.size !== data.bytes || Math.abs(now.mtimeMs / 1000 - data.modifiedAt) > 1))
      remarks.push(`${data.path} (${data.key}) has changed since.`);
    if (now === undefined || !isInside(data.path, folder)) continue;
    const place = path.join(worktree.folder, path.relative(folder, data.path));
    if (existsSync(place)) continue;
    await mkdir(path.dirname(place), { recursive: true });
    await symlink(data.path, place);
  }
  return remarks;
}
