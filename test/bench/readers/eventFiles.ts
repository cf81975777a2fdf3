import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { crc32c, maskCrc } from '../../../src/base/crc32c.ts';

/** How a logger writes a scalar: `v1` as PyTorch's SummaryWriter does (simple_value), `v2` as TensorFlow 2 does (a tensor with metadata). */
export type ScalarForm = 'v1' | 'v2';

const tags = [
  'train/loss',
  'train/acc',
  'val/loss',
  'val/acc',
  'lr',
  'grad_norm',
  'train/loss_cls',
  'train/loss_box',
  'train/loss_mask',
  'throughput',
].concat([
  'gpu/mem',
  'gpu/util',
  'train/ppl',
  'val/ppl',
  'val/f1',
  'val/auc',
  'epoch',
  'train/aux_loss_0',
  'train/aux_loss_1',
  'train/aux_loss_2',
]);

/** Writes an event file of about this size with 20 tags in turns; gives its real size and how many scalars it holds. The same for every call. */
export function writeEventFile(
  folder: string,
  form: ScalarForm,
  size: number,
): { readonly bytes: number; readonly scalars: number } {
  mkdirSync(folder, { recursive: true });
  const handle = openSync(path.join(folder, 'events.out.tfevents.1700000000.bench'), 'w');
  let seed = 12345;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
  let bytes = writeSync(handle, frame(Buffer.concat([wallTime(1.7e9), field(3, Buffer.from('brain.Event:2'))])));
  let scalars = 0;
  for (let step = 0; bytes < size; ) {
    const records: Buffer[] = [];
    for (let index = 0; index < 2000; index++, step++) {
      for (const tag of tags)
        records.push(
          scalarRecord(form, step, 1.7e9 + step * 0.137 + random() * 0.01, tag, Math.exp(-step / 5e4) + random() * 0.1),
        );
    }
    bytes += writeSync(handle, Buffer.concat(records));
    scalars += records.length;
  }
  closeSync(handle);
  return { bytes, scalars };
}

function scalarRecord(form: ScalarForm, step: number, time: number, tag: string, value: number): Buffer {
  const number = Buffer.alloc(4);
  number.writeFloatLE(value);
  const content =
    form === 'v1'
      ? [Buffer.from([0x15]), number]
      : [field(8, Buffer.concat([Buffer.from([8, 1, 0x12, 0, 0x22, 4]), number])), scalarsMetadata];
  const steps = step === 0 ? [] : [Buffer.from([0x10, ...varint(step)])];
  return frame(
    Buffer.concat([
      wallTime(time),
      ...steps,
      field(5, field(1, Buffer.concat([field(1, Buffer.from(tag)), ...content]))),
    ]),
  );
}

function frame(payload: Buffer): Buffer {
  const record = Buffer.alloc(payload.length + 16);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt32LE(maskCrc(crc32c(record, 0, 8)), 8);
  payload.copy(record, 12);
  record.writeUInt32LE(maskCrc(crc32c(payload)), 12 + payload.length);
  return record;
}

function wallTime(seconds: number): Buffer {
  const bytes = Buffer.alloc(9, 0x09);
  bytes.writeDoubleLE(seconds, 1);
  return bytes;
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

const scalarsMetadata = field(9, field(1, field(1, Buffer.from('scalars'))));
