import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import { isSource, snapshotFiles, type UntrackedList } from '../snapshot/snapshotFiles.ts';

const gitMs = 60_000;

/** A run whose code is compared. */
export interface CodeOfRun {
  readonly name: string;
  readonly record: LaunchRecord;
  /** The run's directory, with patch and snapshot. */
  readonly directory: string;
}

/**
 * The difference between the code of two runs as a patch: commits, uncommitted changes and untracked files. The trees are put together beside the
 * repository, in objects and an index of their own, so nothing in it changes. Throws `conflict` where a run has no commit.
 */
export async function codeDifference(
  folder: string,
  left: CodeOfRun,
  right: CodeOfRun,
  signal?: AbortSignal,
): Promise<{ readonly patch: string; readonly remarks: readonly string[] }> {
  const place = await mkdtemp(path.join(os.tmpdir(), 'trainyard-code-'));
  try {
    const git = await Plumbing.open(folder, place, signal);
    const [from, to] = [await git.treeOf(left), await git.treeOf(right)];
    const patch = await git.run(['diff', '--no-color', '--no-ext-diff', '--no-textconv', from.tree, to.tree]);
    return { patch, remarks: [...from.remarks, ...to.remarks] };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Git's low commands on objects and an index of our own. They are told by variables, which simple-git does not pass on. */
class Plumbing {
  readonly #executor = new LocalExecutor();
  readonly #folder: string;
  readonly #env: { readonly [name: string]: string };
  readonly #signal: AbortSignal | undefined;

  private constructor(folder: string, env: { readonly [name: string]: string }, signal: AbortSignal | undefined) {
    this.#folder = folder;
    this.#env = env;
    this.#signal = signal;
  }

  static async open(folder: string, place: string, signal: AbortSignal | undefined): Promise<Plumbing> {
    const plain = new Plumbing(folder, { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }, signal);
    const top = (await plain.run(['rev-parse', '--show-toplevel'])).trimEnd();
    const objects = path.resolve(folder, (await plain.run(['rev-parse', '--git-path', 'objects'])).trimEnd());
    const env = {
      ...plain.#env,
      GIT_INDEX_FILE: path.join(place, 'index'),
      GIT_OBJECT_DIRECTORY: place,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    };
    return new Plumbing(top, env, signal);
  }

  async run(args: readonly string[], input?: string): Promise<string> {
    const ended = await this.#executor.run(['git', ...args], {
      cwd: this.#folder,
      env: this.#env,
      timeoutMs: gitMs,
      ...(input === undefined ? {} : { input }),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    if (ended.code === 0) return ended.stdout;
    throw new AppError('conflict', `git ${args[0]} failed: ${ended.stderr.trim().split('\n')[0]}`, {
      hint: 'The commit may not be in this repository any more: "git fetch --all" brings it back.',
    });
  }

  /** The tree of a run's code, and what could not be put into it. */
  async treeOf({ name, record, directory }: CodeOfRun): Promise<{ tree: string; remarks: string[] }> {
    if (record.commit === undefined) {
      throw new AppError(
        'conflict',
        `The code of ${name} was not recorded: it was launched outside of a git repository.`,
        {
          hint: 'Compare the configurations instead.',
        },
      );
    }
    const remarks: string[] = [];
    await this.run(['read-tree', record.commit]);
    const patch = record.patchFile === undefined ? undefined : path.join(directory, record.patchFile);
    if (patch !== undefined) {
      await this.run(['apply', '--cached', '--whitespace=nowarn', patch]).catch((error: Error) =>
        remarks.push(`The uncommitted changes of ${name} are left out: ${error.message}`),
      );
    }
    const list = await readUntracked(directory);
    await this.#addFiles(path.join(directory, snapshotFiles.untracked), list?.kept ?? []);
    if (patch === undefined && record.dirty && list === undefined)
      remarks.push(`${name} had uncommitted changes that were too large to keep.`);
    const missing = list?.leftOut.filter(isSource) ?? [];
    if (missing.length > 0)
      remarks.push(`${missing.length} untracked files or folders of ${name} were not kept, and are not compared.`);
    return { tree: (await this.run(['write-tree'])).trim(), remarks };
  }

  async #addFiles(from: string, names: readonly string[]): Promise<void> {
    // Git takes a list with a name on each line; a name with a line break in it cannot be on it.
    const files = names.filter((name) => !name.includes('\n') && existsSync(path.join(from, name)));
    if (files.length === 0) return;
    const paths = files.map((name) => path.join(from, name));
    const hashes = await this.run(['hash-object', '-w', '--no-filters', '--stdin-paths'], `${paths.join('\n')}\n`);
    const lines = hashes
      .trim()
      .split('\n')
      .map((hash, index) => `100644 ${hash}\t${files[index]}\0`);
    await this.run(['update-index', '-z', '--index-info'], lines.join(''));
  }
}

async function readUntracked(directory: string): Promise<UntrackedList | undefined> {
  const text = await readFile(path.join(directory, snapshotFiles.untrackedList), 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as UntrackedList);
  } catch {
    return undefined;
  }
}
