import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { AppError } from '../../../base/errors.ts';
import { type ByteSource, dataOffset, readZipDirectory, type ZipEntry } from '../../../base/zip.ts';
import { providerLibraries } from './release.ts';

/**
 * Writes the provider's libraries from where they are into a folder: out of a package (.nupkg of NuGet or .whl of PyPI, both ZIP archives), or from a
 * folder that has them. A package that says it is of another version than `version` is refused: its libraries would load, and nobody knows what they compute.
 * Throws AppError 'bad-file' or 'not-found'.
 */
export async function unpackLibraries(
  source: string,
  folder: string,
  version: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await stat(source).catch((error: unknown) => {
    throw new AppError('not-found', `${source} cannot be read.`, {
      hint: 'Give a .nupkg, a .whl or a folder.',
      cause: error,
    });
  });
  if (found.isDirectory()) {
    for (const name of providerLibraries) await copyLibrary(path.join(source, name), path.join(folder, name));
    return;
  }
  const handle = await open(source, 'r');
  try {
    const file: ByteSource = {
      path: source,
      size: found.size,
      read: async (offset, length) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(length, found.size - offset)));
        const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
        return bytes.subarray(0, bytesRead);
      },
    };
    const directory = await readZipDirectory(file);
    if (!directory.ok) throw badPackage(directory.message);
    refuseOtherVersion(source, directory.value, version);
    for (const name of providerLibraries) {
      const entry = directory.value.find((each) => path.posix.basename(each.name) === name);
      if (entry === undefined) throw badPackage(`${source} does not contain ${name}.`);
      await unpackEntry(file, entry, path.join(folder, name), signal);
    }
  } finally {
    await handle.close();
  }
}

/** A wheel names its version in a folder of its own (PEP 427), a package of NuGet in its file name, where nobody renamed it. */
function refuseOtherVersion(source: string, entries: readonly ZipEntry[], version: string): void {
  const named = /\.(\d+\.\d+\.\d+)\.nupkg$/i.exec(path.basename(source))?.[1];
  const told = entries.map(({ name }) => /^[^/]+-(\d+\.\d+\.\d+)[^/]*\.dist-info\//.exec(name)?.[1]).find(Boolean);
  const found = told ?? named;
  if (found === undefined || found === version) return;
  throw new AppError(
    'bad-file',
    `${source} has the CUDA provider of ONNX Runtime ${found}, and ${version} is installed.`,
    {
      hint: `Take the package of version ${version}: the two must agree.`,
    },
  );
}

async function unpackEntry(file: ByteSource, entry: ZipEntry, target: string, signal: AbortSignal): Promise<void> {
  const offset = await dataOffset(file, entry);
  const isKnown = entry.method === 0 || entry.method === 8;
  if (offset === undefined || !isKnown) throw badPackage(`${entry.name} in ${file.path} cannot be unpacked.`);
  const packed = createReadStream(file.path, { start: offset, end: offset + entry.packedSize - 1 });
  const check = new Checksum();
  const stages = entry.method === 8 ? [packed, createInflateRaw(), check] : [packed, check];
  try {
    await pipeline([...stages, createWriteStream(target, { mode: 0o700, flush: true })], { signal });
  } catch (error) {
    if (signal.aborted) throw new AppError('cancelled', 'Unpacking was stopped.');
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('Z_')) throw badPackage(`${entry.name} in ${file.path} is damaged.`);
    throw error;
  }
  if (check.bytes !== entry.size || check.sum !== entry.crc32)
    throw badPackage(`${entry.name} in ${file.path} is damaged.`);
}

/** Counts and sums up what passes. */
class Checksum extends Transform {
  bytes = 0;
  sum = 0;

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, data: Buffer) => void): void {
    this.bytes += chunk.length;
    this.sum = crc32(chunk, this.sum);
    done(null, chunk);
  }
}

async function copyLibrary(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AppError('not-found', `There is no ${path.basename(from)} in ${path.dirname(from)}.`, {
      hint: 'Give the folder that the libraries lie in.',
    });
  }
}

function badPackage(message: string): AppError {
  return new AppError('bad-file', message, { hint: 'Fetch the package again.' });
}
