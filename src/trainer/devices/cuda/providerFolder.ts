import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { syncFolder, writeJsonDurably } from '../../files/durableFile.ts';
import { bindingFiles, type CudaRelease, providerFolder, providerLibraries } from './release.ts';

/** What is written beside the libraries: that they are whole, and where they came from. */
export interface ProviderManifest {
  readonly version: string;
  /** The address or the path that the libraries were taken from. */
  readonly source: string;
  /** SHA-512 of the package, base64; '' where they were taken from a folder. */
  readonly sha512: string;
  /** Sizes of all files, by name. */
  readonly files: Readonly<Record<string, number>>;
}

/** Name of the variable by which processes are told to load ONNX Runtime from this folder. */
export const providerVariable = 'TRAINYARD_ONNXRUNTIME';
const manifestName = 'provider.json';

/** The folder of a provider that is installed whole, for this version of onnxruntime-node; undefined where none is. */
export function installedProvider(home: string, { version }: Pick<CudaRelease, 'version'>): string | undefined {
  const folder = providerFolder(home, version);
  const manifest = readManifest(folder);
  if (manifest === undefined || manifest.version !== version) return undefined;
  const isWhole = Object.entries(manifest.files).every(([name, size]) => sizeOf(path.join(folder, name)) === size);
  return isWhole ? folder : undefined;
}

/** What the manifest of a provider's folder says; undefined where there is none that can be read. */
export function readManifest(folder: string): ProviderManifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, manifestName), 'utf8')) as ProviderManifest;
  } catch {
    return undefined;
  }
}

/**
 * Puts a provider in its place, whole or not at all: `fill` writes the libraries into a folder beside the place, copies of the binding and its
 * library follow, then the folder is renamed. A provider that was there before stays until then, and after an error.
 */
export async function placeProvider(
  home: string,
  release: CudaRelease,
  facts: Pick<ProviderManifest, 'source' | 'sha512'>,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = providerFolder(home, release.version);
  const temporary = `${folder}.tmp-${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  try {
    await fill(temporary);
    for (const name of bindingFiles) copyFileSync(path.join(release.binaries, name), path.join(temporary, name));
    const names = [...bindingFiles, ...providerLibraries];
    const files = Object.fromEntries(names.map((name) => [name, statSync(path.join(temporary, name)).size]));
    writeJsonDurably(path.join(temporary, manifestName), { version: release.version, ...facts, files });
    exchange(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

function exchange(made: string, place: string): void {
  const old = `${place}.old-${process.pid}`;
  // Programs that have the old libraries open keep them: on Linux a file lives as long as it is open.
  if (existsSync(place)) renameSync(place, old);
  renameSync(made, place);
  syncFolder(path.dirname(place));
  rmSync(old, { recursive: true, force: true });
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
