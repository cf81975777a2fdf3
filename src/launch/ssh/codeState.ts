import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { LaunchRecord } from '../../domain/launch.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import { snapshotFiles } from '../snapshot/snapshotFiles.ts';
import type { CodeFile } from './agentCalls.ts';

/** More is data, not code, and has another way to the host. */
const maxFiles = 20_000;
const maxBytes = 500 * 1024 * 1024;
const gitMs = 120_000;
/** Never code, where no git says what is. */
const skippedFolders: ReadonlySet<string> = new Set([
  '.git',
  '.venv',
  'venv',
  'node_modules',
  '__pycache__',
  '.trainyard',
]);

/** A state of the code: its files by content, and where each content lies on this machine. */
export interface CodeState {
  readonly hash: string;
  readonly files: readonly CodeFile[];
  /** Where a content can be read while the state is open: a file, or the text of a link. */
  readonly contents: ReadonlyMap<string, { readonly file: string; readonly size: number } | { readonly text: string }>;
  /** Root of the repository, or of the folder. */
  readonly root: string;
  close(): Promise<void>;
}

const git = new LocalExecutor();
/** A repository does not move; the runs of a sweep ask once. */
const knownRoots = new Map<string, string>();

/** Root of the code that a launch is of: the repository's, or the folder's where there is no repository. */
export async function codeRoot(record: LaunchRecord): Promise<string> {
  const folder = record.commandLaunch?.request.folder ?? record.cwd;
  if (record.commit === undefined) return folder;
  const known = knownRoots.get(folder);
  if (known !== undefined && existsSync(known)) return known;
  const top = await git.run(['git', '-C', folder, 'rev-parse', '--show-toplevel'], { timeoutMs: gitMs });
  if (top.code !== 0) return folder;
  knownRoots.set(folder, top.stdout.trimEnd());
  return top.stdout.trimEnd();
}

/**
 * The code as it was at the launch: its commit with the uncommitted changes and the untracked files that the launch kept. Made in a folder of its own
 * with an index of its own; neither the working tree nor the repository's objects are touched. Throws `bad-data` where git cannot make it.
 */
export async function committedCode(record: LaunchRecord, directory: string): Promise<CodeState> {
  const root = await codeRoot(record);
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'trainyard-code-'));
  const close = () => rm(temporary, { recursive: true, force: true });
  try {
    const tree = path.join(temporary, 'tree');
    await mkdir(path.join(temporary, 'objects'), { recursive: true });
    await mkdir(tree);
    const objects = (await runGit(root, ['rev-parse', '--git-path', 'objects'], {})).trimEnd();
    const env = {
      GIT_INDEX_FILE: path.join(temporary, 'index'),
      GIT_OBJECT_DIRECTORY: path.join(temporary, 'objects'),
      GIT_ALTERNATE_OBJECT_DIRECTORIES: path.resolve(root, objects),
    };
    await runGit(root, ['read-tree', record.commit ?? 'HEAD'], env);
    if (record.patchFile !== undefined)
      await runGit(root, ['apply', '--cached', '--whitespace=nowarn', path.join(directory, record.patchFile)], env);
    await runGit(root, ['checkout-index', '--all', '--force', `--prefix=${tree}/`], env);
    const files = await listFolder(tree);
    const untracked = path.join(directory, snapshotFiles.untracked);
    const kept = await listFolder(untracked).catch(() => []);
    return await stateOf([...files.map(below(tree)), ...kept.map(below(untracked))], root, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** The files of the working tree as they are now, tracked and untracked, without what git ignores. Throws `bad-data` where they are too many or too large. */
export async function workingCode(record: LaunchRecord, directory: string): Promise<CodeState> {
  const root = await codeRoot(record);
  const listed = await git.run(['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    timeoutMs: gitMs,
  });
  const all = listed.code === 0 ? listed.stdout.split('\0').filter((name) => name !== '') : await listFolder(root);
  const runs = `${path.relative(root, path.dirname(directory))}/`;
  const code = [...new Set(all)].filter((name) => !name.startsWith(runs));
  return stateOf(code.map(below(root)), root, async () => {});
}

interface Place {
  readonly name: string;
  readonly file: string;
}

function below(folder: string): (name: string) => Place {
  return (name) => ({ name: name.replaceAll(path.sep, '/'), file: path.join(folder, name) });
}

async function stateOf(places: readonly Place[], root: string, close: () => Promise<void>): Promise<CodeState> {
  const byName = new Map(places.map((place) => [place.name, place.file]));
  if (byName.size > maxFiles) throw tooMuch(`${byName.size} files`);
  const files: CodeFile[] = [];
  const contents = new Map<string, { file: string; size: number } | { text: string }>();
  let bytes = 0;
  for (const [name, file] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const facts = await lstat(file).catch(() => undefined);
    if (facts === undefined) continue;
    if (facts.isSymbolicLink()) {
      const text = await readlink(file);
      const hash = createHash('sha256').update(text).digest('hex');
      contents.set(hash, { text });
      files.push([name, 'link', hash]);
    } else if (facts.isFile()) {
      bytes += facts.size;
      if (bytes > maxBytes) throw tooMuch(`more than ${maxBytes / 1024 / 1024} MB`);
      const hash = await hashFile(file);
      contents.set(hash, { file, size: facts.size });
      files.push([name, (facts.mode & 0o100) === 0 ? 'file' : 'program', hash]);
    }
  }
  const hash = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  return { hash, files, contents, root, close };
}

/** SHA-256 of a file's content. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}

/** Files and links below a folder, relative. */
async function listFolder(folder: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [''];
  while (waiting.length > 0) {
    const inner = waiting.pop()!;
    for (const entry of await readdir(path.join(folder, inner), { withFileTypes: true })) {
      const name = path.join(inner, entry.name);
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) waiting.push(name);
      } else found.push(name);
    }
    if (found.length > maxFiles) throw tooMuch(`more than ${maxFiles} files`);
  }
  return found;
}

async function runGit(
  root: string,
  args: readonly string[],
  env: { readonly [name: string]: string },
): Promise<string> {
  const done = await git.run(['git', '-C', root, ...args], {
    env: { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', ...env },
    timeoutMs: gitMs,
  });
  if (done.code === 0) return done.stdout;
  throw new AppError(
    'bad-data',
    `The code of the launch cannot be put together: git ${args[0]}: ${done.stderr.trim()}`,
    {
      hint: 'Look whether the commit is still in the repository, or use "code: tar" for the target in trainyard.yaml.',
    },
  );
}

function tooMuch(what: string): AppError {
  return new AppError('bad-data', `The code is too much to send: ${what}.`, {
    hint: 'Let .gitignore leave out data and results, or use "code: none" with a "workdir" that is there already.',
  });
}
