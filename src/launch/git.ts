import { type SimpleGit, simpleGit } from 'simple-git';

const silenceMs = 5_000;
const maxPatchBytes = 10_000_000;
/** Only these reach git: simple-git refuses variables that make git run other programs, and the rest is of no use to it. */
const passedVariables = ['PATH', 'HOME', 'USERPROFILE', 'SYSTEMROOT', 'XDG_CONFIG_HOME', 'LANG'] as const;

/** Reading must neither lock the repository nor ask anybody anything. */
const gitVariables = { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' } as const;

/** The state of the code that a run is launched from. Without a repository, or without git, `dirty` is false and the rest is absent. */
export interface CodeState {
  readonly commit?: string;
  readonly branch?: string;
  readonly dirty: boolean;
  /** The uncommitted changes of tracked files, where there are any and they are not too large to keep. */
  readonly patch?: string;
}

/** The same with what git does not track. */
export interface FullCodeState extends CodeState {
  /** Absolute path of the repository. */
  readonly top?: string;
  /** Files and folders (with a slash at the end) that git neither tracks nor ignores, relative to the repository. */
  readonly untracked: readonly string[];
}

/** Asks git about a folder without taking any of its locks. Never throws: a launch does not fail for its record. */
export async function readCodeState(folder: string): Promise<CodeState> {
  const { top: _top, untracked: _untracked, ...state } = await readFullCodeState(folder, 'no');
  return state;
}

/** As `readCodeState`; `untracked` is filled unless it is not asked for. */
export async function readFullCodeState(folder: string, untracked: 'no' | 'normal' = 'normal'): Promise<FullCodeState> {
  try {
    const asked = [
      openGit(folder).raw(['status', '--porcelain=v2', '--branch', '-z', `--untracked-files=${untracked}`]),
      openGit(folder).raw(['rev-parse', '--show-toplevel']),
      // Asked at the same time, since a launch waits for the slowest of them; a clean repository has an empty one.
      readPatch(openGit(folder)),
    ] as const;
    const [text, top, changes] = await Promise.all(asked);
    const status = parseStatus(text);
    if (status.commit === undefined) return { dirty: false, untracked: [] };
    const patch = status.dirty ? changes : undefined;
    return { ...status, top: top.replace(/\r?\n$/, ''), ...(patch === undefined ? {} : { patch }) };
  } catch {
    return { dirty: false, untracked: [] };
  }
}

/** Version of git for the doctor, or undefined where it cannot be run. */
export async function gitVersion(): Promise<string | undefined> {
  try {
    const version = await simpleGit({ timeout: { block: silenceMs } }).version();
    return version.installed ? `${version.major}.${version.minor}.${version.patch}` : undefined;
  } catch {
    return undefined;
  }
}

/** Git in a folder, with nothing of our environment that could make it run other programs, and with a limit for its silence. */
export function openGit(folder: string, blockMs: number = silenceMs): SimpleGit {
  const passed = passedVariables.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return simpleGit({
    baseDir: folder,
    timeout: { block: blockMs },
    // simple-git refuses every variable of git itself that is not named here.
    allowEnvironment: Object.keys(gitVariables),
  }).env({ ...Object.fromEntries(passed), ...gitVariables });
}

/** `git status --porcelain=v2 --branch -z` (git's documentation of git-status, "Porcelain Format Version 2"). */
function parseStatus(text: string): FullCodeState {
  const records = text.split('\0');
  const untracked: string[] = [];
  const headers = new Map<string, string>();
  let dirty = false;
  for (let at = 0; at < records.length; at++) {
    const record = records[at]!;
    const header = /^# (branch\.\w+) (.*)$/.exec(record);
    if (header !== null) headers.set(header[1]!, header[2]!);
    else if (record.startsWith('? ')) untracked.push(record.slice(2));
    else if (/^[12u] /.test(record)) dirty = true;
    // A renamed file has its old path in a record of its own.
    if (record.startsWith('2 ')) at++;
  }
  const commit = headers.get('branch.oid');
  const branch = headers.get('branch.head');
  return {
    dirty,
    untracked,
    ...(commit === undefined || !/^[0-9a-f]+$/.test(commit) ? {} : { commit }),
    ...(branch === undefined || branch === '(detached)' ? {} : { branch }),
  };
}

async function readPatch(git: SimpleGit): Promise<string | undefined> {
  const patch = await git
    .raw(['diff', 'HEAD', '--binary', '--no-color', '--no-ext-diff', '--no-textconv'])
    .catch(() => undefined);
  return patch === undefined || Buffer.byteLength(patch) > maxPatchBytes ? undefined : patch;
}
