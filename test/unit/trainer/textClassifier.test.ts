import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../../src/graph/index.ts';
import { openCheckpoint } from '../../../src/trainer/use/openCheckpoint.ts';
import { measureCheckpoint } from '../../../src/trainer/use/useCheckpoint.ts';
import { loadModel } from '../graph/runtime.ts';
import { runTrainer, temporaryFolder, writeConfig } from './support.ts';

const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/languageModels', `${name}.onnx`);
const dnaTokens = { A: 3, C: 4, G: 5, T: 6 } as const;

/** Short sequences of three classes: each is rich in one base. */
function records(count: number): readonly { readonly text: string; readonly label: string }[] {
  const random = seededRandom(8);
  const classes = ['alpha', 'beta', 'gamma'] as const;
  return Array.from({ length: count }, (_, i) => {
    const rich = 'ACG'[i % 3]!;
    const letters = Array.from({ length: 6 + (i % 7) }, () =>
      random.uniform() < 0.8 ? rich : 'ACGT'[Math.floor(4 * random.uniform())]!,
    );
    return { text: letters.join(''), label: classes[i % 3]! };
  });
}

/** Accuracy that each reaches at least; chance is a third. Frozen layers of random weights tell the last layer, or a prompt, less. */
for (const [name, adapt, least] of [
  ['bert', 'lora', 0.9],
  ['bert', 'dora', 0.9],
  ['bert', 'soft-prompt', 0.8],
  ['bert', 'head', 0.8],
  ['bert', 'all', 0.9],
  ['gpt', 'lora', 0.9],
  ['gpt', 'soft-prompt', 0.9],
] as const) {
  test(`a ${name} from PyTorch learns to sort texts by ${adapt}`, async (t) => {
    const folder = temporaryFolder(t);
    const data = path.join(folder, 'records.jsonl');
    const all = records(150);
    writeFileSync(data, all.map((record) => JSON.stringify(record)).join('\n'));
    const settings = {
      recipe: 'text-classifier',
      vocabulary: 'dna',
      model: fixture(name),
      adapt,
      window: 12,
      batchSize: 16,
    };
    const optimizer = { learningRate: 0.02, emaDecay: 0.8, warmupSteps: 5 };
    const config = { ...settings, data, optimizer, device: 'cpu', threads: 1, steps: 100, evaluateEvery: 0 };
    const { code, complaint } = await runTrainer(folder, writeConfig(folder, config), ['name=run']);
    assert.equal(code, 0, complaint);
    const run = path.join(folder, 'runs', 'run');
    const opened = await openCheckpoint(path.join(run, 'checkpoints', 'last.safetensors'));
    const { metrics, texts } = await measureCheckpoint(opened);
    assert.ok(metrics['test/accuracy']! > least, `accuracy ${metrics['test/accuracy']}`);
    assert.ok(metrics['test/f1']! > least - 0.1);
    assert.match(texts['test/confusion']!, /^\| true \\ predicted \| alpha \| beta \| gamma \| recall \|$/m);

    // The file gives for the held-out texts what the run measured, with its open batch size and length.
    const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
    let right = 0;
    for (const { text, label } of all) {
      const tokens = Array.from(text, (letter) => dnaTokens[letter as 'A']);
      const shape = [1, tokens.length];
      const feeds = { input_ids: { shape, values: tokens }, attention_mask: { shape, values: tokens.map(() => 1) } };
      const { class_logits: logits } = await model.run(feeds);
      assert.deepEqual(logits!.shape.map(Number), [1, 3]);
      const values = [...logits!.values];
      if (['alpha', 'beta', 'gamma'][values.indexOf(Math.max(...values))] === label) right++;
    }
    assert.ok(right / all.length > least, `the exported model is right for ${right} of ${all.length}`);
  });
}

test("records are read with the model's own tokenizer", async (t) => {
  const folder = temporaryFolder(t);
  const random = seededRandom(4);
  const pick = (words: readonly string[]) => words[Math.floor(random.uniform() * words.length)]!;
  const lines = Array.from({ length: 120 }, (_, i) => {
    const prompt = `${pick(['the cat', 'a dog', 'my owl'])} ${i % 2 === 0 ? 'sees' : 'hears'} ${pick(['rain', 'wind'])}.`;
    return JSON.stringify({ prompt, expert: i % 2 === 0 ? 'eyes' : 'ears' });
  });
  writeFileSync(path.join(folder, 'train.jsonl'), lines.slice(0, 90).join('\n'));
  writeFileSync(path.join(folder, 'eval.jsonl'), lines.slice(90).join('\n'));
  const tokenizer = path.join(path.dirname(fixture('gpt')), 'tokenizer.json');
  const source = {
    data: folder,
    vocabulary: 'tokenizer',
    tokenizer,
    records: { text: 'prompt', label: 'expert' },
    window: 16,
  };
  const settings = { recipe: 'text-classifier', model: fixture('gpt'), adapt: 'lora', batchSize: 16, ...source };
  const optimizer = { learningRate: 0.02, emaDecay: 0.8, warmupSteps: 5 };
  const config = { ...settings, optimizer, device: 'cpu', threads: 1, steps: 80, evaluateEvery: 0 };
  const { code, complaint } = await runTrainer(folder, writeConfig(folder, config), ['name=run']);
  assert.equal(code, 0, complaint);
  const last = path.join(folder, 'runs', 'run', 'checkpoints', 'last.safetensors');
  const { metrics, texts } = await measureCheckpoint(await openCheckpoint(last));
  assert.ok(metrics['test/accuracy']! > 0.9, `accuracy ${metrics['test/accuracy']}`);
  assert.match(texts['test/confusion']!, /ears \| eyes/);
});
