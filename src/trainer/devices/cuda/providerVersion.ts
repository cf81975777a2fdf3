import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import { readSection } from './elf.ts';
import { readManifest } from './providerFolder.ts';
import { bindingFiles, providerLibraries } from './release.ts';

/** A provider that was built for another release than the library that loads it. */
export interface OtherRelease {
  readonly provider: string;
  readonly runtime: string;
}

/**
 * The releases of a CUDA provider and of a `libonnxruntime.so.1` where they differ; undefined where they agree, or where one of the files does not tell. ONNX Runtime itself
 * compares nothing: a provider of 1.29.0 loads beside 1.30.0, though the table of functions between them may change with every release.
 */
export function otherRelease(provider: string, runtime: string): OtherRelease | undefined {
  const [its, ours] = [namedReleases(provider), namedReleases(runtime)];
  if (its.length === 0 || ours.length === 0 || its.some((each) => ours.includes(each))) return undefined;
  return { provider: its.join(' or '), runtime: ours.join(' or ') };
}

/** The same for a folder that has both; what was fetched is what its feed's checksum says. Throws nothing: files that cannot be read do not tell. */
export function otherReleaseIn(folder: string): OtherRelease | undefined {
  if (readManifest(folder)?.sha512) return undefined;
  try {
    return otherRelease(path.join(folder, providerLibraries[0]), path.join(folder, bindingFiles[1]));
  } catch {
    return undefined;
  }
}

/** Why such a provider is not used, and what to do. */
export function describeOtherRelease({ provider, runtime }: OtherRelease, folder: string): string {
  return `The CUDA provider in ${folder} is of ONNX Runtime ${provider}, and ${runtime} is installed; what the two compute together nobody knows. Install that of ${runtime}: trainyard install-cuda.`;
}

/** Throws AppError 'bad-file' for a provider of another release than a library. */
export function refuseOtherRelease(provider: string, runtime: string, source: string): void {
  const other = otherRelease(provider, runtime);
  if (other === undefined) return;
  throw new AppError(
    'bad-file',
    `${source} has the CUDA provider of ONNX Runtime ${other.provider}, and ${other.runtime} is installed.`,
    { hint: `Take the provider of version ${other.runtime}: the two must agree.` },
  );
}

/**
 * A release that is a text of its own among a library's constants: what its `GetVersion` gives (core/providers/cuda/cuda_provider_factory.cc and
 * core/session/ort_apis.h: both return the build's ORT_VERSION). Releases before 1.20 are not looked for, since short versions of other libraries stand there too.
 */
const release = /(?<=\0)1\.(?:[2-9]\d|\d{3})\.\d{1,2}(?=\0)/g;

function namedReleases(file: string): readonly string[] {
  const found = new Set<string>();
  for (const bytes of readSection(file, '.rodata')) {
    for (const [text] of bytes.toString('latin1').matchAll(release)) found.add(text);
  }
  return [...found].sort();
}
