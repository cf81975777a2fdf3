import type { RunId, Step, WallTimeSeconds } from './ids.ts';
import type { JsonObject } from './json.ts';

/** A file that holds weights, or a folder that does: Hugging Face's `checkpoint-500`. */
export interface Checkpoint {
  /** Absolute path; also its identity. */
  readonly path: string;
  readonly fileName: string;
  /** The run that wrote it, where that is known. */
  readonly runId?: RunId;
  readonly runName?: string;
  readonly architecture: string;
  /** The recipe of Trainyard that trained it. */
  readonly recipe?: string;
  readonly format: 'safetensors' | 'torch' | 'onnx' | 'other';
  /** From its name; of one that has a fixed name (`last.pt`), from what the file says of itself. */
  readonly step?: Step;
  readonly epoch?: number;
  /** A sentence: why a file whose step stands in it alone could not be read. */
  readonly problem?: string;
  readonly sizeBytes: number;
  readonly modifiedAt: WallTimeSeconds;
  readonly isLast: boolean;
  /** Best by the primary metric of its run, with that value. */
  readonly best?: { readonly tag: string; readonly value: number };
  /** The figure that stands in its name, as Lightning writes it: `epoch=3-val_loss=0.12.ckpt`. */
  readonly metric?: { readonly name: string; readonly value: number };
  /** Its name says that it was the best one: `best.pt`. */
  readonly isNamedBest?: true;
  /** Whether training can go on from it here. */
  readonly resumable: boolean;
}

/** The make of a checkpoint as its own bytes tell it, whatever its name is. */
export const checkpointKinds = {
  safetensors: 'safetensors',
  torch: 'PyTorch checkpoint',
  torchscript: 'TorchScript archive',
  'legacy-torch': 'PyTorch checkpoint of the old form (before 1.6)',
  onnx: 'ONNX model',
  'hugging-face': 'Hugging Face model folder',
  lora: 'LoRA adapter',
} as const;
export type CheckpointKind = keyof typeof checkpointKinds;

/** A tensor by its name. `dtype` is written as PyTorch does: "float32", "bfloat16", "int64". */
export interface CheckpointTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** Tensors that lie under one key: "state_dict", "optimizer". */
export interface CheckpointSection {
  readonly name: string;
  readonly tensors: number;
  /** How many numbers they hold, those that share their storage counted once. */
  readonly elements: number;
}

/** What is in a checkpoint, without any of its numbers. */
export interface CheckpointDetails {
  /** Absolute path of the file or folder. */
  readonly path: string;
  readonly kind: CheckpointKind;
  readonly sizeBytes: number;
  readonly modifiedAt: WallTimeSeconds;
  readonly step?: Step;
  readonly epoch?: number;
  /** Figures that were saved with it, or stand in its name: {"val_loss": 0.12}. */
  readonly metrics: { readonly [name: string]: number };
  /** Elements of the model's own tensors, buffers included, the optimizer's left out. */
  readonly parameters: number;
  readonly sections: readonly CheckpointSection[];
  /** At most `mostListedTensors` of them, in the order of the file. */
  readonly tensors: readonly CheckpointTensor[];
  readonly tensorCount: number;
  /** What made it: hyper-parameters, configuration, arguments. */
  readonly config?: JsonObject;
  /** Versions of the libraries that wrote it. */
  readonly versions: { readonly [library: string]: string };
  /** Anything else that it says of itself, as short texts. */
  readonly about: { readonly [name: string]: string };
  /** Absolute paths of the files that it is made of, where those are several. */
  readonly files: readonly string[];
  /** What a person should know: cut, damaged, holds a whole object of some class. Sentences. */
  readonly notes: readonly string[];
}

/** A list for people; a model with more tensors is counted in full and listed in part. */
export const mostListedTensors = 20_000;
