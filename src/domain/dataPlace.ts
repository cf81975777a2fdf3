/** A file or folder that may hold what a key of a configuration wants. */
export interface DataPlace {
  /** Relative to the folder that was searched, with "/"; '.' is that folder. */
  readonly path: string;
  readonly isFolder: boolean;
  /** "3 classes of images", "12 files": what was seen of it. */
  readonly what: string;
  /** Of files. */
  readonly sizeBytes?: number;
}
