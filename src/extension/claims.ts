import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const KEEP_MS = 7 * 24 * 3600 * 1000;

/**
 * Whether the caller is the first to claim the name in this folder: of several windows that ask at the same time exactly one gets true, since the file
 * system makes a new file once. Claims are forgotten after a week.
 */
export async function claim(folder: string, name: string, now = Date.now()): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(path.join(folder, name), 'wx', 0o600);
    await file.close();
  } catch (error) {
    // A folder that cannot be written is no reason to keep silent.
    return (error as NodeJS.ErrnoException).code !== 'EEXIST';
  }
  await forgetOld(folder, now).catch(() => undefined);
  return true;
}

async function forgetOld(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    if (now - (await stat(file)).mtimeMs > KEEP_MS) await rm(file, { force: true });
  }
}
