import { cudaLibraries, describeMissing } from './libraries.ts';
import { readManifest } from './providerFolder.ts';
import { describeOtherRelease, otherReleaseIn } from './providerVersion.ts';
import { providerLibraries } from './release.ts';
import { findProvider } from './useProvider.ts';

/** What of CUDA is here. */
export interface CudaStatus {
  /** Where the provider is; undefined where none is installed for this version of ONNX Runtime. */
  readonly folder: string | undefined;
  readonly version: string | undefined;
  /** Major version of CUDA that the provider wants. */
  readonly cuda: number | undefined;
  readonly found: ReadonlyMap<string, string>;
  /** Names of libraries; the provider itself where it is of another release than ONNX Runtime. */
  readonly missing: readonly string[];
  /** What to do about them. */
  readonly advice: readonly string[];
}

/** Looks at the installed provider and the libraries that it needs. */
export function cudaStatus(home: string): CudaStatus {
  const folder = findProvider(home);
  if (folder === undefined) {
    return { folder, version: undefined, cuda: undefined, found: new Map(), missing: [], advice: [] };
  }
  const libraries = cudaLibraries(folder);
  const other = otherReleaseIn(folder);
  if (other === undefined)
    return { folder, version: readManifest(folder)?.version, ...libraries, advice: describeMissing(libraries) };
  const advice = [describeOtherRelease(other, folder)];
  return { folder, ...libraries, version: other.provider, missing: [providerLibraries[0]], advice };
}

/** The status in sentences. */
export function describeStatus({ folder, version, cuda, found, missing, advice }: CudaStatus): readonly string[] {
  if (folder === undefined) return ['The CUDA provider is not installed: trainyard install-cuda.'];
  const what = `The CUDA provider of ONNX Runtime ${version} is in ${folder}${cuda === undefined ? '' : `; it was built for CUDA ${cuda}`}.`;
  if (missing.length > 0) return [what, ...advice];
  return [what, `All ${found.size} libraries that it needs were found. Try it: trainyard probe-device cuda.`];
}
