import path from 'node:path';
import { cudaLibraries, searchFolders } from './libraries.ts';
import { installedProvider, providerVariable } from './providerFolder.ts';
import { cudaRelease } from './release.ts';

/**
 * Makes this process use the installed CUDA provider: called before ONNX Runtime is loaded. Where the provider's libraries lie in folders that the loader does not
 * search, the process is replaced by itself (execve(2), the same process id) with those in LD_LIBRARY_PATH, which the loader reads at the start alone.
 * Does nothing where no provider is installed or it is in use already.
 */
export function useInstalledProvider(home: string): void {
  const folder = findProvider(home);
  if (folder !== undefined) useProviderFolder(folder);
}

/** The same for a folder that has binding, library and provider. Does nothing where a folder is in use already. */
export function useProviderFolder(folder: string): void {
  if (process.env[providerVariable] !== undefined) return;
  process.env[providerVariable] = folder;
  const known = (process.env['LD_LIBRARY_PATH'] ?? '').split(path.delimiter).filter((each) => each !== '');
  const more = searchFolders(folder, cudaLibraries(folder)).filter((each) => !known.includes(each));
  if (more.length === 0 || process.execve === undefined) return;
  const env = { ...process.env, LD_LIBRARY_PATH: [...known, ...more].join(path.delimiter) };
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    env as NodeJS.ProcessEnv,
  );
}

/** The folder of the provider for the installed ONNX Runtime; undefined where there is none, and on other systems. */
export function findProvider(home: string): string | undefined {
  try {
    return installedProvider(home, cudaRelease());
  } catch {
    return undefined;
  }
}
