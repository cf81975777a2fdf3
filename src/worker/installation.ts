import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { programVersion } from '../base/version.ts';

const copiedFiles = [
  'worker.cjs',
  'readerThread.cjs',
  'loaderThread.cjs',
  'shim.cjs',
  'trainyard.cjs',
  'askpass.cjs',
  'agent.py',
  'modal.cjs',
  'sandboxAgent.py',
  'jpeg-turbo.wasm',
] as const;
/** Copies of other builds go when they have not been used for so long. A queued job refers to the copy that it was launched with. */
const keptDays = 30;

/** Where the programs are that the worker starts. */
export interface Installation {
  readonly node: string;
  /** Arguments of Node that come before the program. */
  readonly nodeArguments: readonly string[];
  readonly readerThread: string;
  readonly shim: string;
  /** Follows a job at Modal. */
  readonly modal: string;
  /** By which ssh asks people for passphrases. */
  readonly askpass: string;
  /** The command line, which is also the trainer. */
  readonly trainyard: string;
  /** Variables that every started program gets. */
  readonly env: { readonly [name: string]: string };
}

/**
 * Finds the programs beside this one. The bundles are first copied to `<home>/bin/<version>-<hash>/` and used from there: an update of the extension
 * deletes its folder while jobs run and wait. onnxruntime-node is too large to copy; programs find it through NODE_PATH in the folder of the extension
 * that started *this* worker, so a job that waited over an update gets the new one. From source (tests), the programs are used where they are.
 */
export function findInstallation(home: string): Installation {
  const folder = path.dirname(fileURLToPath(import.meta.url));
  const node = process.execPath;
  const nodeArguments = ['--disable-warning=ExperimentalWarning'];
  const electron = process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };
  if (import.meta.url.endsWith('.ts')) {
    const source = path.dirname(folder);
    return {
      node,
      nodeArguments,
      readerThread: path.join(folder, 'readerThread.ts'),
      shim: path.join(source, 'launch', 'local', 'shimMain.ts'),
      modal: path.join(source, 'launch', 'modal', 'runnerMain.ts'),
      askpass: path.join(source, 'launch', 'ssh', 'askpassMain.ts'),
      trainyard: path.join(source, 'cli', 'main.ts'),
      env: electron,
    };
  }
  const bin = copyPrograms(folder, path.join(home, 'bin'));
  const modules = [path.join(path.dirname(folder), 'node_modules'), process.env['NODE_PATH']].filter(
    (part) => part !== undefined && part !== '',
  );
  return {
    node,
    nodeArguments,
    readerThread: path.join(bin, 'readerThread.cjs'),
    shim: path.join(bin, 'shim.cjs'),
    modal: path.join(bin, 'modal.cjs'),
    askpass: path.join(bin, 'askpass.cjs'),
    trainyard: path.join(bin, 'trainyard.cjs'),
    env: { ...electron, NODE_PATH: modules.join(path.delimiter) },
  };
}

/** Copies the bundles unless they are there, whole or not at all, and gives the folder. */
function copyPrograms(from: string, bin: string): string {
  const present = copiedFiles.filter((name) => existsSync(path.join(from, name)));
  const target = path.join(bin, `${programVersion}-${hashOf(present.map((name) => path.join(from, name)))}`);
  if (!existsSync(target)) {
    const temporary = `${target}.tmp-${process.pid}`;
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    for (const name of present) copyFileSync(path.join(from, name), path.join(temporary, name));
    renameSync(temporary, target);
  }
  removeOldCopies(bin, target);
  return target;
}

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

function removeOldCopies(bin: string, current: string): void {
  const limit = Date.now() - keptDays * 24 * 3600 * 1000;
  for (const name of readdirSync(bin)) {
    const folder = path.join(bin, name);
    if (folder !== current && statSync(folder).mtimeMs < limit) rmSync(folder, { recursive: true, force: true });
  }
}
