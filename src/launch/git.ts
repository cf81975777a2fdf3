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

/** Asks git about a folder without taking any of its locks. Never throws: a launch does not fail for its record. */
export async function readCodeState(folder: string): Promise<CodeState> {
  try {
    const git = openGit(folder);
    const commit = (await git.revparse(['HEAD'])).trim();
    const branch = (await git.raw(['symbolic-ref', '--quiet', '--short', 'HEAD']).catch(() => '')).trim();
    const changes = (await git.raw(['status', '--porcelain', '--untracked-files=no'])).trim();
    const dirty = changes !== '';
    const patch = dirty ? await readPatch(git) : undefined;
    return { commit, dirty, ...(branch === '' ? {} : { branch }), ...(patch === undefined ? {} : { patch }) };
  } catch {
    return { dirty: false };
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

function openGit(folder: string): SimpleGit {
  const passed = passedVariables.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return simpleGit({
    baseDir: folder,
    timeout: { block: silenceMs },
    // simple-git refuses every variable of git itself that is not named here.
    allowEnvironment: Object.keys(gitVariables),
  }).env({ ...Object.fromEntries(passed), ...gitVariables });
}

async function readPatch(git: SimpleGit): Promise<string | undefined> {
  const patch = await git
    .raw(['diff', 'HEAD', '--binary', '--no-color', '--no-ext-diff', '--no-textconv'])
    .catch(() => undefined);
  return patch === undefined || Buffer.byteLength(patch) > maxPatchBytes ? undefined : patch;
}
