import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { mostListedTensors } from '../../../../src/domain/checkpoint.ts';
import { inspectCheckpoint, listForeignCheckpoints } from '../../../../src/readers/index.ts';
import { temporaryFolder } from '../support/events.ts';
import { bytes, int, message, varint } from '../support/proto.ts';

const details = async (file: string) => {
  const read = await inspectCheckpoint(file);
  assert.ok(read.ok, read.ok ? '' : read.message);
  return read.value;
};

const initializer = (name: string, type: number, shape: readonly number[], ...rest: readonly Buffer[]): Buffer =>
  message(5, ...shape.map((size) => int(1, size)), int(2, type), bytes(8, name), ...rest);

const node = (type: string): Buffer => message(1, bytes(1, 'x'), bytes(2, 'y'), bytes(4, type));
const port = (number: number, name: string): Buffer => message(number, bytes(1, name));

const model = (...graph: readonly Buffer[]): Buffer =>
  Buffer.concat([
    int(1, 9),
    bytes(2, 'pytorch'),
    bytes(3, '2.4.0'),
    message(7, ...graph),
    message(8, int(2, 18)),
    message(8, bytes(1, 'com.microsoft'), int(2, 1)),
    message(14, bytes(1, 'author'), bytes(2, 'somebody')),
  ]);

test('an ONNX model tells its graph without its weights', async (context) => {
  const file = path.join(temporaryFolder(context), 'model.onnx');
  const packedShape = message(5, bytes(1, Buffer.from([...varint(300), ...varint(2)])), int(2, 10), bytes(8, 'packed'));
  const large = bytes(9, Buffer.alloc(3_000_000));
  const graph = [
    ...[node('Conv'), node('Relu'), node('Conv'), bytes(2, 'main_graph')],
    initializer('w', 1, [750_000], large),
    packedShape,
    initializer('far', 1, [4], message(13, bytes(1, 'location'), bytes(2, 'model.onnx.data')), int(14, 1)),
    initializer('out', 1, [4], message(13, bytes(1, 'location'), bytes(2, '../secret'))),
    ...[port(11, 'image'), port(12, 'logits')],
  ];
  writeFileSync(file, model(...graph));
  const found = await details(file);
  assert.equal(found.kind, 'onnx');
  assert.deepEqual(
    found.tensors.map(({ name, dtype, shape }) => [name, dtype, shape]),
    [
      ['w', 'float32', [750_000]],
      ['packed', 'float16', [300, 2]],
      ['far', 'float32', [4]],
      ['out', 'float32', [4]],
    ],
  );
  assert.deepEqual([found.parameters, found.tensorCount], [750_608, 4]);
  assert.deepEqual(found.versions, {
    pytorch: '2.4.0',
    'ONNX IR': '9',
    'operator set ai.onnx': '18',
    'operator set com.microsoft': '1',
  });
  assert.deepEqual(found.about, {
    graph: 'main_graph',
    author: 'somebody',
    inputs: 'image',
    outputs: 'logits',
    nodes: '3 (2 Conv, 1 Relu)',
  });
  assert.deepEqual(found.files, [file, `${file}.data`]);
  assert.match(found.notes.join(' '), /\.\.\/secret, outside/);
});

test('an ONNX model that is cut tells what stands before the cut', async (context) => {
  const file = path.join(temporaryFolder(context), 'model.onnx');
  const whole = model(
    node('Conv'),
    initializer('w', 1, [8], bytes(9, Buffer.alloc(32))),
    initializer('v', 1, [4000], bytes(9, Buffer.alloc(16_000))),
  );
  writeFileSync(file, whole);
  truncateSync(file, 9000);
  const read = await inspectCheckpoint(file);
  // The graph's own length does not fit any more, so nothing within it can be trusted.
  assert.equal(read.ok ? 'ok' : read.reason, 'bad-file');
  writeFileSync(
    file,
    Buffer.concat([model(node('Conv'), initializer('w', 1, [8])), Buffer.from([0x3a, 0xff, 0x7f, 1])]),
  );
  const found = await details(file);
  assert.deepEqual([found.tensorCount, found.notes.length], [1, 1]);
  writeFileSync(file, 'no model at all');
  const none = await inspectCheckpoint(file);
  assert.equal(none.ok ? 'ok' : none.reason, 'bad-file');
});

const safetensors = (tree: object, data: number): Buffer => {
  const header = Buffer.from(JSON.stringify(tree));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([prefix, header, Buffer.alloc(data)]);
};

test('a safetensors file tells its own texts, and sorts the state of training out', async (context) => {
  const file = path.join(temporaryFolder(context), 'step_00000012.safetensors');
  const entry = { dtype: 'BF16', shape: [2, 3], data_offsets: [0, 12] };
  const metadata = { step: '11', format: 'pt', trainer_version: '1.0', config: '{"lr": 0.1}' };
  writeFileSync(file, safetensors({ __metadata__: metadata, 'model.w': entry, 'optimizer.w': entry }, 12));
  const found = await details(file);
  assert.deepEqual([found.kind, found.step, found.parameters, found.config], ['safetensors', 11, 6, { lr: 0.1 }]);
  assert.deepEqual(
    found.sections.map(({ name }) => name),
    ['model', 'optimizer'],
  );
  assert.deepEqual(found.tensors[0], { name: 'model.w', dtype: 'bfloat16', shape: [2, 3] });
  writeFileSync(file, safetensors({ 'model.w': entry }, 3));
  assert.match((await details(file)).notes.join(' '), /shorter/);
  assert.equal((await details(file)).step, 12);
});

test('a model of very many tensors is counted in full and listed in part', async (context) => {
  const file = path.join(temporaryFolder(context), 'model.safetensors');
  const count = mostListedTensors + 7;
  const entries = Array.from({ length: count }, (_, index) => [
    `w${index}`,
    { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
  ]);
  writeFileSync(file, safetensors(Object.fromEntries(entries), 8));
  const found = await details(file);
  assert.deepEqual([found.tensorCount, found.tensors.length, found.parameters], [count, mostListedTensors, 2 * count]);
});

test('a Hugging Face folder is one checkpoint, shards, index and trainer included', async (context) => {
  const folder = path.join(temporaryFolder(context), 'checkpoint-500');
  mkdirSync(folder);
  const shard = (name: string, tensor: string): void =>
    writeFileSync(
      path.join(folder, name),
      safetensors({ [tensor]: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } }, 8),
    );
  shard('model-00001-of-00003.safetensors', 'a');
  shard('model-00002-of-00003.safetensors', 'b');
  const map = {
    a: 'model-00001-of-00003.safetensors',
    b: 'model-00002-of-00003.safetensors',
    c: 'model-00003-of-00003.safetensors',
  };
  writeFileSync(path.join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  writeFileSync(
    path.join(folder, 'config.json'),
    '{"architectures":["BertModel"],"model_type":"bert","transformers_version":"4.40.0"}',
  );
  writeFileSync(
    path.join(folder, 'trainer_state.json'),
    '{"global_step":500,"epoch":1.5,"best_metric":NaN,"log_history":[]}',
  );
  writeFileSync(path.join(folder, 'optimizer.pt'), 'x');
  const found = await details(folder);
  assert.deepEqual([found.kind, found.step, found.epoch, found.parameters], ['hugging-face', 500, 1.5, 8]);
  assert.deepEqual(found.about, { architectures: 'BertModel', model_type: 'bert' });
  assert.deepEqual(found.versions, { transformers: '4.40.0' });
  assert.equal(found.files.length, 2);
  const byIndex = await details(path.join(folder, 'model.safetensors.index.json'));
  assert.deepEqual([byIndex.kind, byIndex.parameters, byIndex.sizeBytes], ['hugging-face', 8, found.sizeBytes]);
  assert.match(found.notes.join(' '), /names 1 files that are not there: model-00003/);
});

test('an adapter is told as one, with its base and rank', async (context) => {
  const folder = temporaryFolder(context);
  const name = 'base_model.model.q_proj.lora_A.weight';
  const content = safetensors({ [name]: { dtype: 'F32', shape: [8, 64], data_offsets: [0, 2048] } }, 2048);
  writeFileSync(path.join(folder, 'adapter_model.safetensors'), content);
  assert.equal((await details(path.join(folder, 'adapter_model.safetensors'))).kind, 'lora');
  writeFileSync(
    path.join(folder, 'adapter_config.json'),
    '{"peft_type":"LORA","r":8,"base_model_name_or_path":"org/base"}',
  );
  const found = await details(folder);
  assert.deepEqual(
    [found.kind, found.parameters, found.about['r'], found.about['base_model_name_or_path']],
    ['lora', 512, '8', 'org/base'],
  );
});

test('checkpoints of foreign runs are found where their tools put them', async (context) => {
  const root = temporaryFolder(context);
  const fixture = path.resolve(import.meta.dirname, '../../../fixtures/checkpoints/training.pt');
  const put = (name: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    copyFileSync(fixture, path.join(root, name));
  };
  put('checkpoints/epoch=1-step=20.ckpt');
  put('checkpoints/best-epoch=001-val/auc=0.5.ckpt');
  put('checkpoints/last.ckpt');
  put('checkpoint-40/model.safetensors');
  put('checkpoint-40/optimizer.pt');
  writeFileSync(path.join(root, 'checkpoint-40/config.json'), '{}');
  put('checkpoint-60/pytorch_model.bin');
  put('files/deep/model.pt');
  put('another_run/checkpoints/stranger.pt');
  const found = await listForeignCheckpoints([root, path.join(root, 'checkpoints')], { name: 'r' });
  assert.deepEqual(
    found.map((checkpoint) => [
      path.relative(root, checkpoint.path),
      checkpoint.step ?? checkpoint.epoch,
      checkpoint.metric?.name,
    ]),
    [
      ['checkpoints/best-epoch=001-val/auc=0.5.ckpt', 1, 'val/auc'],
      ['checkpoints/epoch=1-step=20.ckpt', 20, undefined],
      ['checkpoint-40', 40, undefined],
      ['checkpoint-60/pytorch_model.bin', 60, undefined],
      ['checkpoints/last.ckpt', undefined, undefined],
      ['files/deep/model.pt', undefined, undefined],
    ],
  );
  assert.ok(found.every(({ runName, resumable }) => runName === 'r' && !resumable));
});
