import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { event, metadata, scalarV1, summary, tensor, value, version } from '../../unit/readers/support/events.ts';
import { bytes, double, int, message } from '../../unit/readers/support/proto.ts';
import type { Tree } from '../target.ts';

/** Every form that the reader of event files knows, in one log of two files. */
export function eventFileTree(): Tree {
  const doubles = (...values: readonly number[]): Buffer => Buffer.from(new Float64Array(values).buffer);
  const histo = message(5, double(1, -1), double(2, 2), bytes(6, doubles(0, 1, 2)), bytes(7, doubles(3, 4, 5)));
  const strings = (...texts: readonly (string | Buffer)[]): Buffer[] => texts.map((text) => bytes(8, text));
  const entry = message(1, bytes(1, 'lr'), message(2, double(2, 0.1)));
  const hparams = message(2, message(3, entry));
  const records = [
    version(),
    ...Array.from({ length: 20 }, (_, step) =>
      scalarV1(1.7e9 + step, step, step % 2 ? 'train/loss' : 'val/loss', 1 / (step + 1)),
    ),
    event(1.7e9, 1, summary(value('h', histo))),
    event(1.7e9, 2, summary(value('h2', tensor(2, [1, 3], bytes(4, doubles(0, 1, 2))), metadata('histograms')))),
    event(1.7e9, 3, summary(value('note', tensor(7, [1], ...strings('hello')), metadata('text')))),
    event(1.7e9, 4, summary(value('pic', tensor(7, [3], ...strings('4', '4', tinyPng())), metadata('images')))),
    event(1.7e9, 5, summary(value('pic1', message(4, int(1, 4), int(2, 4), bytes(4, tinyPng()))))),
    event(1.7e9, 6, summary(value('pr', tensor(1, [6, 2], bytes(4, Buffer.alloc(48))), metadata('pr_curves')))),
    event(1.7e9, 7, summary(value('acc', tensor(1, [], bytes(4, Buffer.from([0, 0, 128, 63]))), metadata('scalars')))),
    event(1.7e9, 0, summary(value('_hparams_/session_start_info', metadata('hparams', hparams)))),
    event(1.7e9, 8, message(7, int(1, 1))),
  ];
  return {
    'events.out.tfevents.1700000000.host': Uint8Array.from(Buffer.concat(records)),
    'events.out.tfevents.1700000100.host': Uint8Array.from(
      Buffer.concat([version(), scalarV1(1.7e9, 30, 'train/loss', 0.1)]),
    ),
  };
}

/** A picture of 4 × 4 points. */
export function tinyPng(): Buffer {
  const chunk = (type: string, content: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(content.length);
    const body = Buffer.concat([Buffer.from(type), content]);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc32(body));
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.from([0, 0, 0, 4, 0, 0, 0, 4, 8, 0, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(20))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A transaction log of W&B with a record of each kind that readers know, as wandb's core writes them. */
export function wandbTree(): Tree {
  const item = (key: string, json: string): Buffer => message(1, bytes(2, key), bytes(16, json));
  const records = [
    message(21, message(1, bytes(1, '0.21.0'))),
    message(
      17,
      bytes(1, 'abc123'),
      bytes(3, 'project'),
      bytes(8, 'name'),
      message(17, int(1, 1_700_000_000)),
      message(4, message(1, bytes(1, 'lr'), bytes(16, '0.1'))),
    ),
    message(26, bytes(1, 'Linux'), bytes(6, 'train.py'), bytes(12, 'host')),
    message(25, bytes(2, 'dataset'), bytes(3, 'mnist:v3')),
    message(
      8,
      bytes(4, 'model'),
      bytes(5, 'unet'),
      bytes(11, 'latest'),
      message(12, int(1, 1), message(4, bytes(1, 'unet.pt'), int(4, 5_000_000), bytes(6, '/lab/unet.pt'))),
      bytes(15, 'client'),
    ),
    ...Array.from({ length: 12 }, (_, step) =>
      message(
        2,
        item('_step', String(step)),
        item('_timestamp', String(1.7e9 + step)),
        item('loss', step === 5 ? 'NaN' : String(1 / (step + 1))),
        message(2, int(1, step)),
      ),
    ),
    message(2, item('_step', '12'), item('table', '{"_type":"table-file","path":"media/table/t.table.json"}')),
    message(2, item('_step', '13'), item('h', '{"_type":"histogram","values":[1,2],"bins":[0,1,2]}')),
    message(7, message(2, int(1, 1_700_000_001)), message(3, bytes(1, 'cpu'), bytes(16, '12.5'))),
    message(13, int(1, 1), message(2, int(1, 1_700_000_001)), bytes(3, 'epoch 1\n')),
    message(3, message(1, bytes(1, 'loss'), bytes(16, '0.1'))),
    message(18, int(1, 0), int(2, 12)),
    message(20),
  ];
  const chunks = records.map((payload, index) => wandbChunk(Buffer.concat([int(1, index + 1), payload])));
  const header = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0]);
  return {
    'wandb/offline-run-20240101_000000-abc123/run-abc123.wandb': Uint8Array.from(Buffer.concat([header, ...chunks])),
  };
}

function wandbChunk(payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt32LE(crc32(Buffer.concat([Buffer.from([1]), payload])));
  head.writeUInt16LE(payload.length, 4);
  head[6] = 1;
  return Buffer.concat([head, payload]);
}

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/checkpoints');

/** Checkpoints that PyTorch wrote, each a tree of its own; `pickles`: the pickles alone. */
export function torchTrees(): readonly Tree[] {
  return readdirSync(fixtures)
    .filter((name) => /\.(pt|pth|ckpt)$/.test(name))
    .map((name) => ({ 'model.pt': Uint8Array.from(readFileSync(path.join(fixtures, name))) }));
}

/** Pickles of every protocol, written by CPython. */
export function pickleTrees(): readonly Tree[] {
  const { pickles } = JSON.parse(readFileSync(path.join(fixtures, 'pickles.json'), 'utf8')) as {
    readonly pickles: { readonly [protocol: string]: string };
  };
  return Object.values(pickles).map((text) => ({ 'a.pkl': Uint8Array.from(Buffer.from(text, 'base64')) }));
}

export function onnxTree(): Tree {
  const initializer = message(5, int(1, 2), int(1, 3), int(2, 1), bytes(8, 'w'), bytes(9, Buffer.alloc(24)));
  const external = message(
    5,
    int(1, 4),
    int(2, 1),
    bytes(8, 'v'),
    message(13, bytes(1, 'location'), bytes(2, 'model.data')),
  );
  const nodes = ['Conv', 'Relu', 'Gemm'].map((type) => message(1, bytes(1, 'x'), bytes(2, 'y'), bytes(4, type)));
  const graph = message(
    7,
    ...nodes,
    bytes(2, 'main'),
    initializer,
    external,
    message(11, bytes(1, 'in')),
    message(12, bytes(1, 'out')),
  );
  const model = Buffer.concat([
    int(1, 9),
    bytes(2, 'pytorch'),
    bytes(3, '2.4'),
    graph,
    message(8, int(2, 18)),
    message(14, bytes(1, 'a'), bytes(2, 'b')),
  ]);
  return { 'model.onnx': Uint8Array.from(model) };
}

export function safetensorsTree(): Tree {
  const tree = {
    __metadata__: { step: '3', config: '{"a":1}' },
    w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
  };
  const header = Buffer.from(JSON.stringify(tree));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return { 'model.safetensors': Uint8Array.from(Buffer.concat([prefix, header, Buffer.alloc(32)])) };
}
