import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { encode as encodePng } from 'fast-png';
import { commands } from '../../../src/cli/commands.ts';
import { seededRandom } from '../../../src/graph/index.ts';
import { recipes } from '../../../src/recipes/index.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
const page = readFileSync(path.join(repository, 'docs/training.md'), 'utf8');

/** The commands of docs/training.md, in their order. */
const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trim().split('\n'));

/** What makes each recipe small; everything else is as the page says. */
const small = ['steps=2', 'batchSize=4', 'device=cpu', 'threads=1', 'optimizer.warmupSteps=1'];
const smallNetworks: Readonly<Record<string, readonly string[]>> = {
  meanflow: ['network.width=16', 'network.layers=1', 'network.heads=2', 'samples.count=4'],
  'language-model': ['network.width=16', 'network.layers=1', 'network.heads=2', 'window=16', 'samples.count=1'],
  tabular: ['network.width=8'],
};

let folder: string;

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ty-page-'));
  const random = seededRandom(1);
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), content);
  };
  for (const part of ['train', 'test']) {
    for (const [index, name] of ['bright', 'dark'].entries()) {
      for (let image = 0; image < 6; image++) {
        const data = Uint8Array.from({ length: 32 * 32 * 3 }, () => Math.floor(128 * random.uniform()) + 127 * index);
        const png = encodePng({ width: 32, height: 32, depth: 8, channels: 3, data });
        write(`shapes/${part}/${name}/${image}.png`, png);
      }
    }
  }
  const rows = Array.from({ length: 60 }, (_, i) => [random.uniform(), i % 3] as const);
  write('flowers.csv', `length,width,species\n${rows.map(([a, b]) => `${a},${b},kind${b}`).join('\n')}`);
  write(
    'houses.jsonl',
    rows.map(([area, rooms]) => JSON.stringify({ area, rooms, price: 3 * area + rooms })).join('\n'),
  );
  write('books/one.txt', 'the cat sees the rain. '.repeat(60));
  const bases = Array.from({ length: 2000 }, () => 'ACGT'[Math.floor(4 * random.uniform())]).join('');
  write('genomes/one.fa', `>one\n${bases}\n`);
  const questions = rows.map(([, b]) => ({
    prompt: ['the cat sees rain', 'a dog hears wind'][b % 2],
    expert: `e${b % 2}`,
  }));
  write('questions.jsonl', questions.map((question) => JSON.stringify(question)).join('\n'));
  const fixtures = path.join(repository, 'test/fixtures');
  for (const file of ['gpt.onnx', 'llama.onnx', 'tokenizer.json'])
    copyFileSync(path.join(fixtures, 'languageModels', file), path.join(folder, file));
  copyFileSync(path.join(fixtures, 'onnx/resnet18.onnx'), path.join(folder, 'resnet18.onnx'));
  process.chdir(folder);
});

after(() => {
  process.chdir(repository);
  rmSync(folder, { recursive: true, force: true });
});

test('the page trains every recipe', () => {
  for (const { info } of recipes)
    assert.ok(
      lines.some((line) => line.startsWith(`trainyard train ${info.id} `)),
      info.id,
    );
});

for (const line of lines) {
  test(line, async (t) => {
    muteText(t);
    const [program, command, ...words] = line.split(' ');
    assert.equal(program, 'trainyard');
    const recipe = words[0]!.endsWith('.yaml') ? 'tabular' : words[0]!;
    const steps = words.some((word) => word.startsWith('resume=')) ? ['steps=4'] : [];
    const more = command === 'train' ? [...small, ...(smallNetworks[recipe] ?? []), ...steps] : [];
    const run = await commands[command as keyof typeof commands].load();
    assert.equal(await run([...words, ...more]), 0);
    const made = words.map((word) => /^name=(.*)/.exec(word)?.[1]).find((name) => name !== undefined);
    if (made !== undefined) assert.ok(existsSync(path.join(folder, 'runs', made, 'model.onnx')));
    const out = words.indexOf('--out');
    if (out >= 0) assert.ok(existsSync(path.join(folder, words[out + 1]!)));
  });
}

/** What commands print is text and is not wanted here; what the test runner tells goes the same way as bytes. */
function muteText(t: TestContext): void {
  const write = process.stdout.write.bind(process.stdout);
  const bytesOnly = (chunk: string | Uint8Array) => typeof chunk === 'string' || write(chunk);
  t.mock.method(process.stdout, 'write', bytesOnly as typeof process.stdout.write);
}
