import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** What decides which Python is taken besides the folder: injected, so that tests need not change this process. */
export type Variables = { readonly [name: string]: string | undefined };

/** Absolute path of a program on PATH, or undefined. */
export function findProgram(name: string, env: Variables = process.env): string | undefined {
  const extensions = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    for (const extension of extensions) {
      const file = path.join(folder, name + extension);
      if (isProgram(file)) return file;
    }
  }
  return undefined;
}

/** Whether the file is there and may be run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** A program in the folder of a virtual environment. */
export function environmentProgram(environment: string, name: string): string {
  return process.platform === 'win32'
    ? path.join(environment, 'Scripts', `${name}.exe`)
    : path.join(environment, 'bin', name);
}
