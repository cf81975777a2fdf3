import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import type { CheckpointDetails } from '../../domain/checkpoint.ts';
import { isLfsPointer, lfsSentence } from '../files/lfsPointer.ts';
import { type BytesFile, type FileReason, withFile } from './bytesFile.ts';
import type { CheckpointFile } from './contents.ts';
import { readModelFolder } from './huggingFace.ts';
import { readCheckpointName } from './names.ts';
import { readOnnx } from './onnx.ts';
import { describeSafetensors } from './safetensorsFile.ts';
import { legacyMagic, readLegacyTorch, readPlainPickle, readTorchZip } from './torch/torchFile.ts';

/** How the makes are told apart by their first bytes, and read. The first that fits is taken. */
const makes: readonly {
  readonly fits: (head: Uint8Array, fileName: string) => boolean;
  readonly read: (file: BytesFile) => Promise<Result<CheckpointFile, FileReason>>;
}[] = [
  { fits: (head) => startsWith(head, [0x50, 0x4b, 0x03, 0x04]), read: readTorchZip },
  { fits: (head) => head[0] === 0x80 && startsWith(head.subarray(2), legacyMagic), read: readLegacyTorch },
  { fits: looksLikeSafetensors, read: describeSafetensors },
  { fits: (head) => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5, read: readPlainPickle },
  // ModelProto begins with its field 1, ir_version, in every writer's hands; files that begin otherwise are known by their name.
  { fits: (head, name) => (head[0] === 0x08 && head[1]! < 32) || name.endsWith('.onnx'), read: readOnnx },
];

/** Files that stand for the model folder that they lie in. */
const folderMember = /\.(?:safetensors|bin)\.index\.json$|[/\\](?:adapter_config|model_index)\.json$/;

/** How much of a file tells its make. */
const headBytes = 64;

/**
 * What is in a checkpoint: a file of any make, or a folder of Hugging Face, which the index of its shards or its adapter's configuration stand for too. Only what describes the tensors is read, none of their numbers, and nothing of the file is run.
 * `unreadable`, `bad-file` (none of the known makes, or damaged) and `unfinished` come with a sentence.
 */
export async function inspectCheckpoint(file: string): Promise<Result<CheckpointDetails, FileReason>> {
  const absolute = path.resolve(file);
  const facts = await stat(absolute).catch((error: Error) => error);
  if (facts instanceof Error) return fail('unreadable', `${absolute} cannot be read: ${facts.message}`);
  if (!facts.isFile() && !facts.isDirectory())
    return fail('bad-file', `${absolute} is neither a file nor a folder, so it is no checkpoint.`);
  const folder = facts.isDirectory() ? absolute : folderMember.test(absolute) ? path.dirname(absolute) : undefined;
  const read = folder === undefined ? await withFile(absolute, readFile) : await readModelFolder(folder);
  if (!read.ok) return read;
  const { kind, contents, files = [absolute] } = read.value;
  const sizeBytes = folder === undefined ? facts.size : await sizeOf(files);
  const details = { path: absolute, kind, sizeBytes, modifiedAt: facts.mtimeMs / 1000, files, ...contents };
  return ok(withName(details));
}

async function readFile(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const head = await file.read(0, headBytes);
  if (head.length < 8) return fail('unfinished', `${file.path} has ${file.size} bytes, too few for a checkpoint.`);
  if (isLfsPointer(head)) return fail('unfinished', `${file.path} is no checkpoint. ${lfsSentence}.`);
  const make = makes.find(({ fits }) => fits(head, path.basename(file.path).toLowerCase()));
  if (make === undefined)
    return fail('bad-file', `${file.path} is no checkpoint of a known make: its first bytes are those of none.`);
  return make.read(file);
}

/** Counters and figures that stand in the name alone; what the file itself says counts more. */
function withName(details: CheckpointDetails): CheckpointDetails {
  const name = readCheckpointName(path.basename(details.path), path.basename(path.dirname(details.path)));
  if (name === undefined) return details;
  const { step, epoch, metric } = name;
  return {
    ...(step === undefined ? {} : { step }),
    ...(epoch === undefined ? {} : { epoch }),
    ...details,
    metrics: { ...(metric === undefined ? {} : { [metric.name]: metric.value }), ...details.metrics },
  };
}

/** u64 length of the header, then its first character. */
function looksLikeSafetensors(head: Uint8Array): boolean {
  return head[8] === 0x7b && head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] === 0;
}

function startsWith(head: Uint8Array, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => head[index] === byte);
}

async function sizeOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file)
        .then(({ size }) => size)
        .catch(() => 0),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
