import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../../src/graph/index.ts';
import { openCheckpoint } from '../../../src/trainer/use/openCheckpoint.ts';
import { measureCheckpoint } from '../../../src/trainer/use/useCheckpoint.ts';
import { loadModel } from '../graph/runtime.ts';
import { runTrainer, temporaryFolder, writeConfig } from './support.ts';

const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/languageModels', `${name}.onnx`);

/** Stretches of ten bases: eight of one kind, one by chance, and one of the first kind again, which who sees the last two alone cannot know. */
function writeStretches(folder: string): string {
  const random = seededRandom(6);
  const base = () => 'ACGT'[Math.floor(4 * random.uniform())]!;
  const stretches = Array.from({ length: 400 }, () => {
    const kind = base();
    return `${kind.repeat(8)}${base()}${kind}`;
  });
  const file = path.join(folder, 'stretches.fa');
  writeFileSync(file, `>one\n${stretches.join('')}\n`);
  return file;
}

const optimizer = { learningRate: 0.01, emaDecay: 0.8, warmupSteps: 5 };
const common = { vocabulary: 'dna', batchSize: 16, optimizer, device: 'cpu', threads: 1, evaluateEvery: 0 };
const parts = { recipe: 'bridge', window: 8, continuation: 2 };

/** Trains, and gives the run's folder. */
async function trained(folder: string, name: string, settings: object): Promise<string> {
  const config = writeConfig(folder, { ...common, ...settings });
  const { code, complaint } = await runTrainer(folder, config, [`name=${name}`]);
  assert.equal(code, 0, complaint);
  return path.join(folder, 'runs', name);
}

const lastOf = (run: string) => openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));

test('a bridge hands over what the sender read, to a receiver that can tell it; it is measured and timed beside the text itself', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeStretches(folder);
  // Whatever a message says, a receiver of random weights tells next to nothing: it learns to copy first.
  const speaker = {
    recipe: 'finetune-language',
    model: fixture('gpt'),
    adapt: 'all',
    window: 9,
    stride: 10,
    steps: 120,
  };
  const quiet = { reverseComplement: false, samples: { count: 0 }, sampleEvery: 0 };
  const receiver = path.join(await trained(folder, 'speaker', { ...speaker, ...quiet, data }), 'model.onnx');
  const before = readFileSync(receiver);
  const message = { sender: fixture('gpt'), receiver, bridge: { tokens: 4, heads: 2 }, compare: { text: true } };
  const run = await trained(folder, 'bridge', { ...parts, ...message, data, steps: 100 });
  const opened = await lastOf(run);
  assert.ok(opened.program.parameters.every(({ name }) => name.startsWith('bridge/')));
  assert.ok(opened.average.byteLength < statSync(fixture('gpt')).size / 2);
  assert.deepEqual(readFileSync(receiver), before);

  const [{ metrics, texts, timings }, again] = [await measureCheckpoint(opened), await measureCheckpoint(opened)];
  assert.ok(metrics['val/accuracy']! > 0.9, JSON.stringify(metrics));
  assert.ok(metrics['val/accuracy_alone']! < 0.6, JSON.stringify(metrics));
  assert.ok(metrics['val/accuracy_text']! > 0.9, JSON.stringify(metrics));
  assert.ok(metrics['val/loss']! < metrics['val/loss_alone']! - 1, JSON.stringify(metrics));
  assert.deepEqual(again.metrics, metrics);
  assert.equal(again.texts['val/ways'], texts['val/ways']);
  assert.deepEqual(
    [metrics['bench/message_bytes'], metrics['bench/message_places'], metrics['bench/text_places']],
    [4 * 4 * 24, 4, 8],
  );
  assert.ok(metrics['bench/message_peak_bytes']! > 0);
  const figures = ['message', 'text', 'written_token'].flatMap((way) => [
    `bench/${way}_latency_ms`,
    `bench/${way}_per_second`,
  ]);
  assert.deepEqual(Object.keys(timings), figures);
  for (const value of Object.values(timings)) assert.ok(value > 0 && Number.isFinite(value));
  assert.match(texts['timings/channels']!, /\| a message of 4 soft tokens \| 4 \| 384 \|/);
  assert.match(texts['timings/channels']!, /\| the text as it is, 8 tokens \| 8 \| 32 \|/);

  const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
  const { soft_tokens: told } = await model.run({
    states: { shape: [3, 8, 24], values: Array.from({ length: 576 }, (_, i) => Math.sin(i)) },
  });
  assert.deepEqual(told!.shape.map(Number), [3, 4, 24]);
});

for (const method of ['lora', 'dora', 'soft-prompt']) {
  test(`what a bridge is compared with: the receiver reads the text itself, adapted by ${method}`, async (t) => {
    const folder = temporaryFolder(t);
    const models = { sender: fixture('gpt'), receiver: fixture('gpt') };
    const compared = { method, compare: { text: true, shots: 2 }, prompt: { tokens: 4 } };
    const rate = { ...optimizer, learningRate: 0.03 };
    const settings = { ...parts, ...models, ...compared, optimizer: rate, steps: 40, data: writeStretches(folder) };
    const run = await trained(folder, 'run', settings);
    const opened = await lastOf(run);
    assert.ok(opened.program.parameters.every(({ name }) => name.startsWith('receiver/')));
    const { metrics, texts, timings } = await measureCheckpoint(opened);
    assert.ok(metrics['val/loss']! < metrics['val/loss_text']! - 0.05, JSON.stringify(metrics));
    assert.ok(Number.isFinite(metrics['val/loss_few_shot']!));
    const own = `\\| reads the text, adapted by ${method} \\| \\d+\\.\\d{4} \\| \\d\\.\\d{4} \\|`;
    assert.match(texts['val/ways']!, new RegExp(own));
    assert.match(texts['val/ways']!, /\| reads the text behind 2 others \(few-shot\) \|/);
    assert.deepEqual(timings, {});

    const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
    const { logits } = await model.run({ input_ids: { shape: [1, 6], values: [3, 3, 3, 3, 3, 3] } });
    assert.deepEqual(logits!.shape.map(Number), [1, 6, 40]);
  });
}

test('more examples ahead of a text than a batch has are refused with the way out', async (t) => {
  const folder = temporaryFolder(t);
  const models = { sender: fixture('gpt'), receiver: fixture('gpt') };
  const settings = { ...common, ...parts, ...models, batchSize: 2, compare: { text: true, shots: 2 }, steps: 2 };
  const config = writeConfig(folder, { ...settings, data: writeStretches(folder) });
  const { code, complaint } = await runTrainer(folder, config, ['name=run']);
  assert.equal(code, 1);
  assert.match(complaint, /A batch of 2 has no 2 other texts as examples.*compare\.shots/s);
});
