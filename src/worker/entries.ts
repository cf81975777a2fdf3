import { statSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { EntryPoint, HydraComposition, HydraForm, PythonEnvironment } from '../domain/entryPoint.ts';
import type { NamedEntry, Pipeline, ProjectFile } from '../domain/project.ts';
import { EntryPointSearch } from '../launch/entryPoints/findEntryPoints.ts';
import { HydraPrograms } from '../launch/hydra/hydraProgram.ts';
import { projectFileNames, readProjectFile } from '../launch/project/readProject.ts';

/** What a folder offers for launching. */
export interface FolderEntries {
  readonly entries: readonly EntryPoint[];
  readonly pipelines: readonly Pipeline[];
  readonly problems: readonly string[];
}

/** A search is not repeated so soon: a form asks several times in a row. */
const freshMs = 2_000;

/** Entry points by folder: those that are found, and those that `trainyard.yaml` names, which come first. */
export class FolderEntryPoints {
  readonly #searches = new Map<string, EntryPointSearch>();
  readonly #latest = new Map<string, { readonly at: number; readonly found: Promise<FolderEntries> }>();
  readonly #hydra = new HydraPrograms();
  readonly #excludeOf: (folder: string) => readonly string[] | undefined;

  constructor(excludeOf: (folder: string) => readonly string[] | undefined) {
    this.#excludeOf = excludeOf;
  }

  list(folder: string): Promise<FolderEntries> {
    const known = this.#latest.get(folder);
    if (known !== undefined && Date.now() - known.at < freshMs) return known.found;
    const found = this.#search(folder);
    this.#latest.set(folder, { at: Date.now(), found });
    found.catch(() => this.#latest.delete(folder));
    return found;
  }

  /** A launch does not wait for a search: an entry that was found lately counts as long as its file is as it was then. */
  async find(folder: string, id: string): Promise<EntryPoint | undefined> {
    const known = this.#latest.get(folder);
    const entry = await known?.found
      .then(({ entries }) => entries.find((each) => each.id === id))
      .catch(() => undefined);
    const modifiedMs = entry?.file === undefined ? undefined : statSync(entry.file, { throwIfNoEntry: false })?.mtimeMs;
    if (known !== undefined && modifiedMs !== undefined && modifiedMs < known.at) return entry;
    return (await this.list(folder)).entries.find((each) => each.id === id);
  }

  /** Groups and keys of a Hydra program. Throws `not-found`. */
  async form(folder: string, id: string, overrides: readonly string[]): Promise<HydraForm> {
    return this.#hydra.form(await this.#require(folder, id), overrides);
  }

  /** The configuration of a Hydra program; its own Hydra is asked only where it may be executed. Throws `not-found`. */
  async compose(
    folder: string,
    id: string,
    overrides: readonly string[],
    signal?: AbortSignal,
    mayExecute = true,
  ): Promise<HydraComposition> {
    const entry = await this.#require(folder, id);
    return this.#hydra.compose(entry, overrides, { mayExecute, ...(signal === undefined ? {} : { signal }) });
  }

  async #require(folder: string, id: string): Promise<EntryPoint> {
    const entry = await this.find(folder, id);
    if (entry !== undefined) return entry;
    throw new AppError('not-found', `There is no entry point ${id} in ${folder}.`, {
      hint: 'Look at the list of entry points again: the file may have been moved.',
    });
  }

  async #search(folder: string): Promise<FolderEntries> {
    const search = this.#searches.get(folder) ?? new EntryPointSearch();
    this.#searches.set(folder, search);
    const exclude = this.#excludeOf(folder);
    const [found, project] = await Promise.all([
      search.find(folder, exclude === undefined ? {} : { exclude }),
      readProjectFile(folder),
    ]);
    return {
      entries: [...namedEntries(folder, project, found.entries), ...found.entries],
      pipelines: project.pipelines,
      problems: [...project.problems, ...found.problems],
    };
  }
}

function namedEntries(folder: string, project: ProjectFile, found: readonly EntryPoint[]): readonly EntryPoint[] {
  return project.entries.map((named) => namedEntry(folder, named, found));
}

/** A named command that runs a program which was found is that program with other words: it has its form, and its ways to go on. */
function namedEntry(folder: string, named: NamedEntry, found: readonly EntryPoint[]): EntryPoint {
  const cwd = path.resolve(folder, named.cwd ?? '.');
  const like = found.find(
    ({ file }) => file !== undefined && named.command.some((word) => path.resolve(cwd, word) === file),
  );
  const takes = named.takes ?? like?.takes ?? 'arguments';
  const resume = named.resume ?? like?.resume;
  const nameArgument = named.nameArgument ?? like?.nameArgument;
  const python: PythonEnvironment | undefined = like?.python;
  return {
    id: `named:${named.name}`,
    kind: 'named',
    title: named.name,
    file: path.join(folder, projectFileNames[0]),
    ...(named.line === undefined ? {} : { line: named.line }),
    reason: 'is named in trainyard.yaml',
    command: named.command,
    cwd,
    env: named.env ?? {},
    takes,
    role: like?.role ?? 'other',
    ...(python === undefined ? {} : { python }),
    ...(like?.hydra === undefined || takes !== 'hydra' ? {} : { hydra: like.hydra }),
    ...(resume === undefined ? {} : { resume }),
    ...(nameArgument === undefined ? {} : { nameArgument }),
  };
}
