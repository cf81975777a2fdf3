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

/** Stretches of 16 bases, each of one kind: half of a stretch tells what the other half is. */
function writeStretches(folder: string): string {
  const random = seededRandom(6);
  const stretches = Array.from({ length: 400 }, () => 'ACGT'[Math.floor(4 * random.uniform())]!.repeat(16));
  const file = path.join(folder, 'stretches.fa');
  writeFileSync(file, `>one\n${stretches.join('')}\n`);
  return file;
}

test('a bridge hands over what the sender read: the receiver does better than alone, and both models stay as they are', async (t) => {
  const folder = temporaryFolder(t);
  const models = { sender: fixture('gpt'), receiver: fixture('llama') };
  const source = { data: writeStretches(folder), vocabulary: 'dna', window: 8, continuation: 8 };
  const optimizer = { learningRate: 0.03, emaDecay: 0.8, warmupSteps: 5 };
  const settings = {
    recipe: 'bridge',
    ...models,
    ...source,
    batchSize: 16,
    bridge: { tokens: 4, heads: 2 },
    optimizer,
  };
  const config = writeConfig(folder, { ...settings, device: 'cpu', threads: 1, steps: 150, evaluateEvery: 0 });
  const { code, complaint } = await runTrainer(folder, config, ['name=run']);
  assert.equal(code, 0, complaint);
  const run = path.join(folder, 'runs', 'run');
  const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
  assert.ok(opened.program.parameters.every(({ name }) => name.startsWith('bridge/')));
  assert.ok(opened.average.byteLength < statSync(fixture('gpt')).size / 2);
  const { metrics } = await measureCheckpoint(opened);
  const [loss, alone] = [metrics['val/loss']!, metrics['val/loss_alone']!];
  assert.ok(loss < alone - 0.1, `with the message ${loss}, without ${alone}`);

  const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
  const { soft_tokens: message } = await model.run({
    states: { shape: [3, 8, 24], values: Array.from({ length: 576 }, (_, i) => Math.sin(i)) },
  });
  assert.deepEqual(message!.shape.map(Number), [3, 4, 24]);
});
