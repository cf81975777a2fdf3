import type { Checkpoint } from '../../domain/checkpoint.ts';

/** What the name of a checkpoint says. */
export interface CheckpointName {
  readonly format: Checkpoint['format'];
  readonly step?: number;
  readonly epoch?: number;
  readonly isLast: boolean;
  /** The name says that it was the best one: `best.pt`, `model_best.pth.tar`. */
  readonly isBest: boolean;
  /** What stands before the counters: `<run>_epoch_0010.pt` names its run. */
  readonly runName?: string;
  /** Lightning writes the figure that it watched into the name: `epoch=3-step=120-val_loss=0.12.ckpt`. */
  readonly metric?: { readonly name: string; readonly value: number };
}

const formatByEnding: ReadonlyMap<string, Checkpoint['format']> = new Map([
  ['.safetensors', 'safetensors'],
  ['.pt', 'torch'],
  ['.pth', 'torch'],
  ['.ckpt', 'torch'],
  ['.bin', 'torch'],
  ['.pth.tar', 'torch'],
  ['.pt.tar', 'torch'],
  ['.onnx', 'onnx'],
]);

/** `.bin` may be anything; these are the names under which weights have it (Transformers, PEFT, Diffusers). */
const weightsInBin = /model|weight|adapter|checkpoint|ckpt/i;

/** Files of PyTorch that lie beside a checkpoint and are none: what Transformers, Accelerate and Trainer save next to the weights. */
const besideCheckpoint =
  /^(optimizer|scheduler|scaler|rng_state|random_states|training_args|sampler|dl_state_dict|profiler)([-_.]?\w*)?$/i;

/** A shard of several, `model-00001-of-00003`: the folder is the checkpoint. */
const shard = /-\d{4,6}-of-\d{4,6}$/;

/**
 * Reads step, epoch, metric, run and role out of a checkpoint's file name; undefined for other files. `folderName` is the folder that holds it: a metric with a slash makes one
 * (`best-epoch=000-val/roc_auc=0.49.ckpt`), and some programs keep the counter there (`checkpoint-500/model.safetensors`).
 */
export function readCheckpointName(fileName: string, folderName = ''): CheckpointName | undefined {
  const { stem, format } = splitName(fileName);
  if (format === undefined || stem === '' || besideCheckpoint.test(stem) || shard.test(stem)) return undefined;
  return { format, ...readCounters(stem, folderName) };
}

/** What the name of a folder that is a checkpoint says: `checkpoint-500`, `global_step1000`, `best_model`. */
export function readCheckpointFolderName(folderName: string): Omit<CheckpointName, 'format'> {
  return readCounters(folderName, '');
}

/** Whether a folder's name alone says that it is a checkpoint of one moment. */
export function isCheckpointFolder(folderName: string): boolean {
  return counterFolder.test(folderName);
}

const counterFolder = /^(?:checkpoint|ckpt|global_?step|step|iter|epoch)[-_=]?\d+$/i;

function splitName(fileName: string): { readonly stem: string; readonly format: Checkpoint['format'] | undefined } {
  const ending = /(\.pth?)?\.[a-z]+$/i.exec(fileName)?.[0] ?? '';
  const stem = fileName.slice(0, fileName.length - ending.length);
  const format = formatByEnding.get(ending.toLowerCase());
  return { stem, format: ending.toLowerCase() === '.bin' && !weightsInBin.test(stem) ? undefined : format };
}

function readCounters(stem: string, folderName: string): Omit<CheckpointName, 'format'> {
  // A metric's slash has split the name in two.
  const isSplit = /=/.test(folderName) && /^[\w.]+=/.test(stem);
  const whole = isSplit ? `${folderName}/${stem}` : stem;
  const inFolder = counterFolder.test(folderName) ? folderName : '';
  const step = counter(whole, stepWords) ?? stepBehind(stem) ?? counter(inFolder, stepWords);
  const epoch = counter(whole, epochWords) ?? counter(inFolder, epochWords);
  const metric = readMetric(whole);
  const runName = /^(.+?)[-_.](?:epoch|ep|step|iter)[-_=]?\d/i.exec(stem)?.[1];
  const isGeneric = runName === undefined || genericName.test(runName);
  return {
    isLast: lastName.test(stem),
    isBest: bestName.test(whole),
    ...(step === undefined ? {} : { step }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(isGeneric ? {} : { runName }),
    ...(metric === undefined ? {} : { metric }),
  };
}

const stepWords = 'global_step|step|iter|iteration|checkpoint';
const epochWords = 'epoch|ep';
const lastName =
  /^(?:last|latest|final)(?:[-_.]v?\d+)?$|[-_.](?:last|latest|final)$|^(?:final|last|latest)[-_.]?(?:model|checkpoint|ckpt|weights)$/i;
const bestName = /(?:^|[-_.])best(?:$|[-_.])/i;
const genericName = /^(?:checkpoint|ckpt|model|best|last|weights|epoch.*|step.*)(?:[-_.]best)?$/i;

/** `epoch=3-step=120`, `run_epoch_0010`, `step_00001000`, `checkpoint-500`. */
function counter(stem: string, words: string): number | undefined {
  const digits = new RegExp(`(?:^|[^a-z])(?:${words})[-_=]?(\\d{1,15})(?!\\d)`, 'i').exec(stem)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** `rl_model_10000_steps` (Stable-Baselines), `model_0004999` (Detectron). */
function stepBehind(stem: string): number | undefined {
  const digits = /[-_](\d{1,15})[-_]?(?:steps?|iters?)$/i.exec(stem)?.[1] ?? /^model_(\d{5,15})$/i.exec(stem)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The last `name=value` that is no counter (Lightning, callbacks/model_checkpoint.py, format_checkpoint_name). A `-v1` at the end tells copies apart. */
function readMetric(stem: string): CheckpointName['metric'] {
  const number = String.raw`-?\d+(?:\.\d+)?(?:e[-+]?\d+)?`;
  const pairs = stem
    .replace(/-v\d+$/, '')
    .matchAll(new RegExp(`(?:^|[-_])([A-Za-z][\\w./]*?)=(${number})(?=$|-|_)`, 'gi'));
  const metrics = [...pairs].filter(([, name]) => !/^(?:epoch|step|global_step)$/i.test(name!));
  const [, name, value] = metrics.at(-1) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value: Number(value) };
}
