import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** What was not used for so long is removed when something new is made. */
const keptDays = 30;
/** Scans that are remembered, of which those not used for longest go first. */
const mostScans = 500;

/**
 * The path of a file that can be made again from data: made by `write`, which gets an open file, or still there from an earlier run. `name` says all that it is made of. It lies in the
 * user's cache (`$XDG_CACHE_HOME/trainyard/data`), private to the user; where that cannot be written to, in a new folder for temporary files. A run that is killed leaves no half file under the name.
 */
export async function cachedFile(name: string, write: (handle: number) => Promise<void>): Promise<string> {
  const known = cachedPath(name);
  if (known !== undefined) return known;
  const file = path.join(cacheFolder(), name);
  removeUnused(path.dirname(file));
  const unfinished = `${file}.${process.pid}.part`;
  // Another process may have had this number and have been killed.
  rmSync(unfinished, { force: true });
  const handle = openSync(unfinished, 'wx', 0o600);
  try {
    await write(handle);
    closeSync(handle);
    renameSync(unfinished, file);
  } catch (error) {
    ignoringErrors(() => closeSync(handle));
    rmSync(unfinished, { force: true });
    throw error;
  }
  return file;
}

/** The path of such a file where it is there. Undefined where it is still to be made. */
export function cachedPath(name: string): string | undefined {
  const file = path.join(cacheFolder(), name);
  if (!existsSync(file)) return undefined;
  const now = new Date();
  // The time says when it was last used; where it cannot be set, the file is only made again sooner.
  ignoringErrors(() => utimesSync(file, now, now));
  return file;
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: given, LOCALAPPDATA: windows } = process.env;
  const root =
    given ?? (process.platform === 'win32' && windows !== undefined ? windows : path.join(homedir(), '.cache'));
  const folder = path.join(root, 'trainyard', 'data');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    closeSync(openSync(path.join(folder, `.writable-${process.pid}`), 'w', 0o600));
    rmSync(path.join(folder, `.writable-${process.pid}`));
    return folder;
  } catch {
    return mkdtempSync(path.join(tmpdir(), 'trainyard-data-'));
  }
}

function removeUnused(folder: string): void {
  const oldest = Date.now() - keptDays * 24 * 3600 * 1000;
  const kept: { readonly file: string; readonly used: number }[] = [];
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    ignoringErrors(() => {
      const used = statSync(file).mtimeMs;
      if (used < oldest) rmSync(file);
      else if (name.endsWith('.scan')) kept.push({ file, used });
    });
  }
  const surplus = kept.sort((a, b) => b.used - a.used).slice(mostScans - 1);
  for (const { file } of surplus) ignoringErrors(() => rmSync(file));
}

/** For what may fail without harm: another run may have removed a file meanwhile. */
function ignoringErrors(act: () => void): void {
  try {
    act();
  } catch {}
}
