import { fail, ok, type Result } from '../../../base/result.ts';
import { dataOffset, readZipDirectory, type ZipEntry } from '../../../base/zip.ts';
import type { BytesFile, FileReason } from '../bytesFile.ts';
import { type CheckpointFile, type Contents, unknownContents } from '../contents.ts';
import { MalformedPickle } from '../pickle/source.ts';
import { type Unpickled, unpickle } from '../pickle/unpickle.ts';
import type { PickleValue } from '../pickle/values.ts';
import { readEntry } from '../zip/content.ts';
import { describeTorchValue } from './describe.ts';

/** A pickle describes tensors, it does not hold them: real ones have up to some megabytes. */
const largestPickle = 64 * 1024 * 1024;

/**
 * A file of torch.save since PyTorch 1.6: a ZIP archive with `data.pkl` and a file for each storage below one folder (caffe2/serialize/inline_container.cc), or of torch.jit.save, which has
 * `constants.pkl` and code beside them. Only `data.pkl` is read.
 */
export async function readTorchZip(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const directory = await readZipDirectory(file);
  if (!directory.ok) return directory.reason === 'unfinished' ? readCutZip(file, directory.message) : directory;
  const entries = directory.value;
  const pickle =
    entries.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name)) ?? entries.find(({ name }) => name === 'data.pkl');
  if (pickle === undefined) return withoutPickle(file, entries);
  const bytes = await readEntry(file, pickle, largestPickle);
  if (!bytes.ok) return bytes;
  const isScript = entries.some(({ name }) => /\/(constants\.pkl|code\/.*)$/.test(name));
  const contents = await describePickle(file, bytes.value);
  if (!contents.ok) return contents;
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  const lost = entries.find(({ headerOffset, packedSize }) => headerOffset + packedSize > file.size);
  const notes = lost === undefined ? [] : [`${lost.name} does not lie within the file: it is damaged.`];
  return ok({
    kind: isScript ? 'torchscript' : 'torch',
    contents: {
      ...contents.value,
      about: { ...contents.value.about, archive: `${entries.length} entries, ${size} bytes` },
      notes: [...contents.value.notes, ...notes],
    },
  });
}

/** ZIP archives that are something else: NumPy's, models of Keras. */
function withoutPickle(file: BytesFile, entries: readonly ZipEntry[]): Result<CheckpointFile, FileReason> {
  const names = entries.slice(0, 5).map(({ name }) => name);
  return fail(
    'bad-file',
    `${file.path} is a ZIP file without data.pkl, so it is no PyTorch checkpoint. It holds ${names.join(', ')}.`,
  );
}

/** A file without its end still has `data.pkl` at its beginning, and a pickle knows its own end. */
async function readCutZip(file: BytesFile, message: string): Promise<Result<CheckpointFile, FileReason>> {
  const offset = await dataOffset(file, { headerOffset: 0 });
  const head = new TextDecoder().decode(await file.read(30, 200));
  if (offset === undefined || !/^[^\0]*data\.pkl/.test(head)) return fail('unfinished', message);
  const contents = await describePickle(file, await file.read(offset, largestPickle));
  if (!contents.ok) return fail('unfinished', message);
  const notes = ['The file has no end: it is still being written, or was cut.', ...contents.value.notes];
  return ok({ kind: 'torch', contents: { ...contents.value, notes } });
}

/** First bytes of a file of torch.save before 1.6, or of one that asked for the old form: a pickle of this number (torch/serialization.py, MAGIC_NUMBER 0x1950a86a20f9469cfc6c). */
export const legacyMagic: readonly number[] = [
  0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
];

/** The old form: pickles of the magic number, the protocol and the system one after the other, then the value's own; raw numbers follow. */
export async function readLegacyTorch(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const bytes = await file.read(0, largestPickle);
  try {
    let at = 0;
    for (let count = 0; count < 3; count++) at += unpickle(bytes.subarray(at)).end;
    return ok({ kind: 'legacy-torch', contents: described(unpickle(bytes.subarray(at))) });
  } catch (error) {
    return ok({ kind: 'legacy-torch', contents: unknownContents(notReadable(error)) });
  }
}

/** A file that is a pickle alone: pickle.dump of a configuration or of scores. */
export async function readPlainPickle(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const contents = await describePickle(file, await file.read(0, largestPickle));
  if (!contents.ok) return contents;
  const notes = ['It is a plain pickle, not a file of torch.save.', ...contents.value.notes];
  return ok({ kind: 'torch', contents: { ...contents.value, notes } });
}

async function describePickle(file: BytesFile, bytes: Uint8Array): Promise<Result<Contents, 'bad-file'>> {
  try {
    return ok(described(unpickle(bytes)));
  } catch (error) {
    return fail('bad-file', `${file.path}: ${notReadable(error)}`);
  }
}

function described({ value, cut }: Unpickled): Contents {
  return describeTorchValue(value satisfies PickleValue, cut);
}

function notReadable(error: unknown): string {
  if (!(error instanceof MalformedPickle)) throw error;
  return `The pickle that describes it cannot be read: ${error.message}`;
}
