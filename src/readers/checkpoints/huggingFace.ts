import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { mostListedTensors } from '../../domain/checkpoint.ts';
import type { JsonObject } from '../../domain/json.ts';
import { readSmallText } from '../files/jsonFile.ts';
import { parsePythonJson } from '../files/pythonJson.ts';
import { type FileReason, withFile } from './bytesFile.ts';
import { type CheckpointFile, type Contents, unknownContents } from './contents.ts';
import { describeSafetensors } from './safetensorsFile.ts';
import { readTorchZip } from './torch/torchFile.ts';

/** Names of weights as Transformers, PEFT and Diffusers write them, one file or shards. */
export const weightsName =
  /^(?:(?:diffusion_pytorch_|pytorch_|adapter_)?model|consolidated)(?:\.fp16|\.ema)?(?:[-.]\d+(?:-of-\d+)?)?\.(?:safetensors|bin|pth?)$/i;
const adapterConfig = 'adapter_config.json';

/** Whether the names in a folder are those of a model of Hugging Face: weights, or the index of shards, and a configuration or the state of a Trainer. */
export function isModelFolder(names: readonly string[]): boolean {
  const hasWeights = names.some((name) => weightsName.test(name) || /\.(?:safetensors|bin)\.index\.json$/.test(name));
  return hasWeights && names.some((name) => /^(?:config|adapter_config|trainer_state|model_index)\.json$/.test(name));
}

/**
 * A model folder as Transformers, PEFT and Diffusers save one: configuration, generation configuration, weights in one file or in shards with an index, the state of the Trainer. A folder with an adapter's
 * configuration is a LoRA adapter.
 */
export async function readModelFolder(folder: string): Promise<Result<CheckpointFile, FileReason>> {
  const names = await readdir(folder).catch((error: Error) => error);
  if (names instanceof Error) return fail('unreadable', `${folder} cannot be read: ${names.message}`);
  const weights = names.filter((name) => weightsName.test(name)).sort();
  const isAdapter = names.includes(adapterConfig);
  const config = await readObject(
    folder,
    isAdapter ? adapterConfig : names.includes('config.json') ? 'config.json' : 'model_index.json',
  );
  if (weights.length === 0 && config === undefined)
    return fail(
      'bad-file',
      `${folder} holds no weights and no config.json, so it is no model folder. Name a file in it.`,
    );
  const state = await readObject(folder, 'trainer_state.json');
  const shards = await Promise.all(weights.slice(0, mostShards).map((name) => readShard(path.join(folder, name))));
  const merged = mergeShards(shards);
  const missing = await missingShards(folder, names);
  const contents: Contents = {
    ...merged,
    ...(config === undefined ? {} : { config }),
    ...counters(state),
    metrics: metricsOf(state),
    versions: { ...merged.versions, ...versionsOf(config) },
    about: { ...merged.about, ...aboutOf(config) },
    notes: [
      ...merged.notes,
      ...(missing.length === 0
        ? []
        : [`The index names ${missing.length} files that are not there: ${missing.slice(0, 3).join(', ')}.`]),
      ...(weights.length === 0 ? ['There are no weights in this folder.'] : []),
    ],
  };
  return ok({
    kind: isAdapter ? 'lora' : 'hugging-face',
    contents,
    files: weights.map((name) => path.join(folder, name)),
  });
}

const mostShards = 2000;

async function readShard(file: string): Promise<Contents> {
  const read = await withFile(file, (opened) =>
    file.endsWith('.safetensors') ? describeSafetensors(opened) : readTorchZip(opened),
  );
  return read.ok ? read.value.contents : unknownContents(read.message);
}

/** What the shards hold together. */
function mergeShards(shards: readonly Contents[]): Contents {
  const sum = (count: (shard: Contents) => number): number => shards.reduce((total, shard) => total + count(shard), 0);
  const parameters = sum((shard) => shard.parameters);
  const tensorCount = sum((shard) => shard.tensorCount);
  return {
    ...unknownContents(),
    parameters,
    tensorCount,
    sections: tensorCount === 0 ? [] : [{ name: 'model', tensors: tensorCount, elements: parameters }],
    tensors: shards.flatMap(({ tensors }) => tensors).slice(0, mostListedTensors),
    about: Object.assign({}, ...shards.map(({ about }) => about).slice(0, 1)) as Contents['about'],
    notes: [...new Set(shards.flatMap(({ notes }) => notes))].slice(0, 20),
  };
}

/** Shards that the index names, `weight_map: {tensor: file}`, and the folder lacks. */
async function missingShards(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const index = names.find((name) => name.endsWith('.index.json'));
  const map = index === undefined ? undefined : (await readObject(folder, index))?.['weight_map'];
  if (map === null || typeof map !== 'object') return [];
  const present = new Set(names);
  return [...new Set(Object.values(map as object).map(String))].filter((name) => !present.has(name));
}

async function readObject(folder: string, name: string): Promise<JsonObject | undefined> {
  const text = await readSmallText(path.join(folder, name));
  if (!text.ok) return undefined;
  try {
    const value = parsePythonJson(text.value);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The Trainer's counters (transformers/trainer_callback.py, TrainerState). */
function counters(state: JsonObject | undefined): Pick<Contents, 'step' | 'epoch'> {
  const step = state?.['global_step'];
  const epoch = state?.['epoch'];
  return {
    ...(typeof step === 'number' ? { step } : {}),
    ...(typeof epoch === 'number' ? { epoch } : {}),
  };
}

function metricsOf(state: JsonObject | undefined): { readonly [name: string]: number } {
  const best = state?.['best_metric'];
  return typeof best === 'number' ? { best_metric: best } : {};
}

function versionsOf(config: JsonObject | undefined): { readonly [library: string]: string } {
  const entries = Object.entries(config ?? {}).filter(
    ([key, value]) => /_version$/.test(key) && typeof value === 'string',
  );
  return Object.fromEntries(entries.map(([key, value]) => [key.replace(/^_|_version$/g, ''), String(value)]));
}

/** What people look for first: the architecture, and for an adapter its base and rank. */
function aboutOf(config: JsonObject | undefined): { readonly [name: string]: string } {
  const shown = [
    'architectures',
    '_class_name',
    'model_type',
    'torch_dtype',
    'dtype',
    'base_model_name_or_path',
    'peft_type',
    'r',
    'lora_alpha',
  ];
  const entries = shown.flatMap((key): [string, string][] => {
    const value = config?.[key];
    const text = Array.isArray(value) ? value.join(', ') : value;
    return text === undefined || text === null || typeof text === 'object' ? [] : [[key, String(text)]];
  });
  return Object.fromEntries(entries);
}
