import { ok, type Result } from '../../base/result.ts';
import { type CheckpointSection, mostListedTensors } from '../../domain/checkpoint.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { BytesFile, FileReason } from './bytesFile.ts';
import type { CheckpointFile, Contents } from './contents.ts';
import { readSafetensorsHeader, type SafetensorsHeader, type TensorEntry } from './safetensors.ts';

/** Element types by the names of the format (https://github.com/huggingface/safetensors, Dtype). */
const elementTypes: ReadonlyMap<string, string> = new Map([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F8_E4M3', 'float8_e4m3fn'],
  ['F8_E5M2', 'float8_e5m2'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U64', 'uint64'],
  ['U32', 'uint32'],
  ['U16', 'uint16'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

/** What a safetensors file tells: its header, and the texts that its writer put there. */
export async function describeSafetensors(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const header = await readSafetensorsHeader(file.path);
  if (!header.ok) return header;
  const isLora = header.value.tensors.some(({ name }) => loraTensor.test(name));
  return ok({ kind: isLora ? 'lora' : 'safetensors', contents: safetensorsContents(header.value) });
}

/** Names of the two factors of an adapted layer: PEFT's, and those of the programs around kohya-ss. */
const loraTensor = /\.lora_[AB]\.|\.lora_(?:up|down)\.|\blora_(?:A|B|up|down)\b/;

/** A header in the common form. */
export function safetensorsContents({ tensors, metadata, whole }: SafetensorsHeader): Contents {
  const texts = [...metadata].filter(([, text]) => text.length <= 200);
  const config = configOf(metadata);
  const [step, epoch] = [wholeNumber(metadata, stepKeys), wholeNumber(metadata, epochKeys)];
  const sections = sectionsOf(tensors);
  return {
    ...(step === undefined ? {} : { step }),
    ...(epoch === undefined ? {} : { epoch }),
    ...(config === undefined ? {} : { config }),
    metrics: {},
    sections,
    parameters: sections
      .filter(({ name }) => sections.length === 1 || name === 'model')
      .reduce((sum, { elements }) => sum + elements, 0),
    tensors: tensors
      .slice(0, mostListedTensors)
      .map(({ name, dtype, shape }) => ({ name, dtype: elementTypes.get(dtype) ?? dtype, shape })),
    tensorCount: tensors.length,
    versions: Object.fromEntries(texts.filter(([key]) => /version$/i.test(key))),
    about: Object.fromEntries(texts.filter(([key, text]) => !/version$/i.test(key) && !isToldElsewhere(key, text))),
    notes: whole ? [] : ['The file is shorter than its header says: it is still being written, or was cut.'],
  };
}

const stepKeys: readonly string[] = ['step', 'global_step', 'ss_steps'];
const epochKeys: readonly string[] = ['epoch', 'ss_epoch'];

/** Whether a tensor belongs to the state of training rather than to the model, by its first part. */
const trainingState = /^(?:optimizer|optim|adam|average|ema|rng|scheduler|trainer)\b/i;

function sectionsOf(tensors: readonly TensorEntry[]): readonly CheckpointSection[] {
  const sections = new Map<string, { name: string; tensors: number; elements: number }>();
  for (const { name: tensor, shape } of tensors) {
    const name = trainingState.exec(tensor)?.[0] ?? 'model';
    const section = sections.get(name) ?? { name, tensors: 0, elements: 0 };
    sections.set(name, section);
    section.tensors++;
    section.elements += shape.reduce((product, size) => product * size, 1);
  }
  return [...sections.values()];
}

/** Steps and epochs stand among the facts, and JSON objects in the configuration. */
function isToldElsewhere(key: string, text: string): boolean {
  return stepKeys.includes(key) || epochKeys.includes(key) || (text.startsWith('{') && parseObject(text) !== undefined);
}

/** Metadata are texts; those that hold a JSON object are configurations (`config`, `ss_network_args`, `modelspec`). */
function configOf(metadata: ReadonlyMap<string, string>): JsonObject | undefined {
  const trees = [...metadata].flatMap(([key, text]): [string, JsonObject][] => {
    const tree = text.startsWith('{') && text.length < 1_000_000 ? parseObject(text) : undefined;
    return tree === undefined ? [] : [[key, tree]];
  });
  if (trees.length === 0) return undefined;
  return trees.length === 1 && trees[0]![0] === 'config' ? trees[0]![1] : Object.fromEntries(trees);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function wholeNumber(metadata: ReadonlyMap<string, string>, keys: readonly string[]): number | undefined {
  const text = keys.map((key) => metadata.get(key)).find((found) => found !== undefined && /^\d{1,15}$/.test(found));
  return text === undefined ? undefined : Number(text);
}
