import type { CheckpointDetails, CheckpointKind } from '../../domain/checkpoint.ts';

/** What is known from a checkpoint's bytes, apart from the file itself. */
export type Contents = Omit<CheckpointDetails, 'path' | 'kind' | 'sizeBytes' | 'modifiedAt' | 'files'>;

/** Contents of which nothing is known but a sentence. */
export function unknownContents(...notes: readonly string[]): Contents {
  return {
    metrics: {},
    parameters: 0,
    sections: [],
    tensors: [],
    tensorCount: 0,
    versions: {},
    about: {},
    notes,
  };
}

/** What a reader of one make gives. */
export interface CheckpointFile {
  readonly kind: CheckpointKind;
  readonly contents: Contents;
  /** Further files that belong to it. */
  readonly files?: readonly string[];
}
