/** Something that a run made or used, as its tracker lists it: a version of a W&B artifact, or what lies at the top of MLflow's artifacts. */
export interface RunArtifact {
  readonly name: string;
  /** What kind of thing the tracker says it is: "model", "dataset", "code". */
  readonly type?: string;
  readonly use: 'made' | 'used';
  readonly aliases?: readonly string[];
  readonly description?: string;
  /** The tracker's own checksum of the whole. */
  readonly digest?: string;
  /** Where it lies on this machine, as an absolute path. */
  readonly path?: string;
  /** Of folders that have to be walked through, at least so many: the walk ends after some thousands of entries. */
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** At most `mostArtifactFiles` of its files, in the tracker's order. */
  readonly files: readonly ArtifactFile[];
}

export interface ArtifactFile {
  /** Within the artifact, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Where the program had it when it was logged: an absolute path, or the address that it was logged by. It may be gone. */
  readonly from?: string;
}

/** Lists are kept with the run, so they end somewhere; the counts are of all. */
export const mostArtifacts = 200;
export const mostArtifactFiles = 20;

/** "dataset, 3 files, 1.2 MB, latest": what stands behind an artifact's name. */
export function describeArtifact(artifact: RunArtifact, size: (bytes: number) => string): string {
  const { type, use, aliases = [], fileCount, sizeBytes } = artifact;
  const counted = fileCount === 0 ? '' : `${fileCount} ${fileCount === 1 ? 'file' : 'files'}, ${size(sizeBytes)}`;
  return [type ?? '', use === 'used' ? 'used' : '', counted, ...aliases].filter((part) => part !== '').join(', ');
}
