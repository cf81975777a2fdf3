import type { Checkpoint } from '../../domain/checkpoint.ts';

/** What the name of a checkpoint says. */
export interface CheckpointName {
  readonly format: Checkpoint['format'];
  readonly step?: number;
  readonly epoch?: number;
  readonly isLast: boolean;
  /** What stands before the counters: `<run>_epoch_0010.pt` names its run. */
  readonly runName?: string;
}

const formatByEnding: ReadonlyMap<string, Checkpoint['format']> = new Map([
  ['.safetensors', 'safetensors'],
  ['.pt', 'torch'],
  ['.pth', 'torch'],
  ['.ckpt', 'torch'],
  ['.onnx', 'onnx'],
]);

/** Reads step, epoch, run and role out of a checkpoint's file name; undefined for other files. */
export function readCheckpointName(fileName: string): CheckpointName | undefined {
  const dot = fileName.lastIndexOf('.');
  const format = formatByEnding.get(fileName.slice(dot).toLowerCase());
  if (dot <= 0 || format === undefined) return undefined;
  const stem = fileName.slice(0, dot);
  const step = counter(stem, 'step|iter|iteration|checkpoint');
  const epoch = counter(stem, 'epoch|ep');
  const runName = /^(.+?)[-_.](?:epoch|ep|step|iter)[-_=]?\d/i.exec(stem)?.[1];
  return {
    format,
    isLast: /^last(?:[-_.]v?\d+)?$|[-_.]last$/i.test(stem),
    ...(step === undefined ? {} : { step }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(runName === undefined || /^(checkpoint|ckpt|model|best|last|epoch.*|step.*)$/i.test(runName)
      ? {}
      : { runName }),
  };
}

/** `epoch=3-step=120`, `run_epoch_0010`, `step_00001000`, `checkpoint-500`. */
function counter(stem: string, words: string): number | undefined {
  const digits = new RegExp(`(?:^|[^a-z])(?:${words})[-_=]?(\\d{1,15})(?!\\d)`, 'i').exec(stem)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
