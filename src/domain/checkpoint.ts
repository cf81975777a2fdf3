import type { RunId, Step, WallTimeSeconds } from './ids.ts';

/** A file that holds weights. */
export interface Checkpoint {
  /** Absolute path; also its identity. */
  readonly path: string;
  readonly fileName: string;
  /** The run that wrote it, where that is known. */
  readonly runId?: RunId;
  readonly runName?: string;
  readonly architecture: string;
  readonly format: 'safetensors' | 'torch' | 'onnx' | 'other';
  readonly step?: Step;
  readonly epoch?: number;
  readonly sizeBytes: number;
  readonly modifiedAt: WallTimeSeconds;
  readonly isLast: boolean;
  /** Best by the primary metric of its run, with that value. */
  readonly best?: { readonly tag: string; readonly value: number };
  /** Whether training can go on from it here. */
  readonly resumable: boolean;
}
