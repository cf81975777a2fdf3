import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { concat, decodeModel, encodeModel, Graph, seededRandom, unsqueeze } from '../../../src/graph/index.ts';
import { openRun } from '../../../src/readers/index.ts';
import { declareParameters } from '../../../src/trainer/engine/trainStep.ts';
import { type OpenedCheckpoint, openCheckpoint } from '../../../src/trainer/use/openCheckpoint.ts';
import { drawSamples, measureCheckpoint } from '../../../src/trainer/use/useCheckpoint.ts';
import { loadModel, type Numbers } from '../graph/runtime.ts';
import { Gatherer, pollAll } from '../readers/support/cuts.ts';
import { runTrainer, temporaryFolder, writeConfig } from './support.ts';

const common = { device: 'cpu', threads: 1, seed: 4, batchSize: 8, window: 16 };
const quick = { optimizer: { learningRate: 0.02, emaDecay: 0.8, warmupSteps: 5 } };
const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/languageModels', `${name}.onnx`);

/** Text of few words in a fixed order, with some freedom. */
function writeText(folder: string): string {
  const random = seededRandom(3);
  const pick = (words: readonly string[]) => words[Math.floor(random.uniform() * words.length)]!;
  const sentence = () =>
    `${pick(['the cat', 'a dog', 'my owl'])} ${pick(['sees', 'hears'])} ${pick(['rain', 'wind'])}.\n`;
  const file = path.join(folder, 'words.txt');
  writeFileSync(file, Array.from({ length: 400 }, sentence).join(''));
  return file;
}

/** A genome in which every third base follows from the two before it. */
function writeGenome(folder: string): string {
  const random = seededRandom(5);
  const bases: number[] = [];
  for (let i = 0; i < 6000; i++)
    bases.push(i % 3 < 2 ? Math.floor(4 * random.uniform()) : (bases[i - 1]! + bases[i - 2]!) % 4);
  const letters = bases.map((base) => 'ACGT'[base]!).join('');
  const file = path.join(folder, 'genome.fa');
  writeFileSync(file, `>one\n${letters.replace(/.{60}/g, '$&\n')}\n`);
  return file;
}

/** Variants of that genome: every third base of some stretch, in which the last of three is the one that can be told from the others. */
function writeVariants(folder: string): string {
  const bases = readFileSync(path.join(folder, 'genome.fa'), 'utf8').split('\n').slice(1).join('');
  const rows = Array.from({ length: 40 }, (_, i) => {
    const position = 100 + i;
    const reference = bases[position]!;
    const alternative = 'ACGT'['CGTA'.indexOf(reference)]!;
    return ['one', position + 1, reference, alternative, position % 3 === 2 ? 1 : 0].join('\t');
  });
  const file = path.join(folder, 'variants.tsv');
  writeFileSync(file, `contig\tpos\tref\talt\tlabel\n${rows.join('\n')}\n`);
  return file;
}

async function train(
  t: TestContext,
  config: object,
  overrides: readonly string[],
  folder = temporaryFolder(t),
): Promise<string> {
  const { code, complaint } = await runTrainer(folder, writeConfig(folder, config), ['name=run', ...overrides]);
  assert.equal(code, 0, complaint);
  return path.join(folder, 'runs', 'run');
}

async function logged(run: string) {
  const gatherer = new Gatherer();
  const reader = openRun({ source: 'trainyard', path: run, root: path.dirname(run), name: 'run' });
  await pollAll(reader, gatherer).finally(() => reader.dispose());
  return gatherer.rows;
}

const last = (run: string) => path.join(run, 'checkpoints', 'last.safetensors');

test('a small transformer learns to write sentences like those of its text', async (t) => {
  const folder = temporaryFolder(t);
  const network = { width: 32, layers: 1, heads: 2 };
  const samples = { count: 3, length: 16, prompt: 'the ', temperature: 0 };
  const config = {
    recipe: 'language-model',
    data: writeText(folder),
    ...common,
    ...quick,
    network,
    samples,
    steps: 150,
  };
  const run = await train(t, config, ['evaluateEvery=75', 'sampleEvery=75'], folder);
  const { scalars, media } = await logged(run);
  const loss = scalars['train/loss']!.values;
  assert.ok(loss[0]! > 5 && loss.at(-1)! < 0.8, `loss from ${loss[0]} to ${loss.at(-1)}`);
  assert.ok(Math.abs(scalars['train/perplexity']!.values.at(-1)! / Math.exp(loss.at(-1)!) - 1) < 1e-5);
  assert.ok(scalars['val/loss']!.values.at(-1)! < 1);
  assert.ok(Math.abs(scalars['val/bits']!.values.at(-1)! * Math.LN2 - scalars['val/loss']!.values.at(-1)!) < 1e-5);
  const texts = media.filter(({ tag, kind }) => tag === 'samples' && kind === 'text');
  assert.deepEqual(
    texts.map(({ step }) => step),
    [75, 150],
  );
  const drawn = readFileSync(path.join(run, 'samples', 'step_00000150.txt'), 'utf8');
  assert.equal(drawn.match(/^===== \d of 3 =====$/gm)?.length, 3);
  assert.match(drawn, /^the (cat|dog|owl) (sees|hears)/m);

  const opened = await openCheckpoint(last(run));
  assert.deepEqual(Buffer.from((await drawSamples(opened)).bytes).toString(), drawn);
  const { metrics, missing } = await measureCheckpoint(opened);
  assert.deepEqual(missing, []);
  for (const [tag, value] of Object.entries(metrics))
    assert.equal(Math.fround(value), scalars[tag]!.values.at(-1), tag);

  const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
  const { logits } = await model.run({ tokens: { shape: [5, 16], values: new Array<number>(80).fill(101) } });
  assert.deepEqual(logits!.shape.map(Number), [5, 16, 258]);
});

for (const kind of ['transformer', 'bytenet']) {
  test(`a masked ${kind} tells hidden bases better than chance, and a resumed run ends with the same bits`, async (t) => {
    const folder = temporaryFolder(t);
    const network = { kind, width: 32, layers: 2, heads: 2, dropout: 0.05 };
    const settings = {
      recipe: 'language-model',
      vocabulary: 'dna',
      task: 'masked',
      maskFraction: 0.2,
      ...common,
      ...quick,
    };
    const data = writeGenome(folder);
    const config = { ...settings, data, variants: writeVariants(folder), network, samples: { count: 2 }, steps: 60 };
    const whole = await train(t, config, ['checkpointEvery=25', 'stepsPerRun=7'], folder);
    const { scalars, media } = await logged(whole);
    assert.ok(scalars['val/accuracy']!.values.at(-1)! > 0.27, `accuracy ${scalars['val/accuracy']!.values.at(-1)}`);
    for (const tag of ['variants/auroc', 'variants/auprc']) {
      const value = scalars[tag]!.values.at(-1)!;
      assert.ok(value > 0 && value <= 1, `${tag} ${value}`);
    }
    assert.match(readFileSync(path.join(whole, 'samples', 'step_00000060.txt'), 'utf8'), /^[ACGT]{16}$/m);
    assert.equal(media.filter(({ kind: each }) => each === 'text').length, 2, 'the configuration and the samples');
    const resumed = path.join(folder, 'runs', 'again');
    const from = `resume=${path.join(whole, 'checkpoints', 'step_00000025.safetensors')}`;
    const { code, complaint } = await runTrainer(folder, path.join(folder, 'config.yaml'), ['name=again', from]);
    assert.equal(code, 0, complaint);
    const [one, other] = [await openCheckpoint(last(whole)), await openCheckpoint(last(resumed))];
    assert.deepEqual(other.average, one.average);
    const { metrics } = await measureCheckpoint(one);
    assert.equal(Math.fround(metrics['variants/auroc']!), scalars['variants/auroc']!.values.at(-1));
  });
}

/** What the loss must come down to, as a part of what it began with: little can be learned in a frozen network of random weights. */
const adapted = { lora: 0.975, dora: 0.975, 'soft-prompt': 0.985, head: 0.6, all: 0.6 };

for (const [adapt, part] of Object.entries(adapted)) {
  test(`a GPT from PyTorch is adapted to DNA by ${adapt}`, async (t) => {
    const folder = temporaryFolder(t);
    const settings = {
      recipe: 'finetune-language',
      vocabulary: 'dna',
      model: fixture('gpt'),
      adapt,
      ...common,
      ...quick,
    };
    const special = {
      lora: { rank: 4, targets: 'c_attn, c_fc, c_proj' },
      prompt: { tokens: 4 },
      samples: { count: 1, prompt: 'ACG' },
    };
    const config = { ...settings, ...special, data: writeGenome(folder), steps: 80 };
    const run = await train(t, config, ['evaluateEvery=40'], folder);
    const { scalars } = await logged(run);
    const loss = scalars['train/loss']!.values;
    const mean = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0) / 5;
    const [before, behind] = [mean(loss.slice(0, 5)), mean(loss.slice(-5))];
    assert.ok(behind < part * before, `loss from ${before} to ${behind}`);
    assert.match(readFileSync(path.join(run, 'samples', 'step_00000080.txt'), 'utf8'), /^ACG[ACGT]{13}$/m);

    const opened = await openCheckpoint(last(run));
    const frozen = statSync(fixture('gpt')).size;
    if (adapt !== 'all')
      assert.ok(opened.average.byteLength < frozen / 4, 'what is frozen is neither trained nor saved');
    const tokens = { shape: [3, 16], values: Array.from({ length: 48 }, (_, i) => 3 + ((i * i) % 4)) };
    const own = await ownLogits(opened, tokens);
    const model = await loadModel(readFileSync(path.join(run, 'model.onnx')));
    const { logits } = await model.run({ input_ids: tokens });
    assert.deepEqual(logits!.shape.map(Number), [3, 16, 40]);
    own.forEach((value, i) => {
      assert.ok(Math.abs(value - logits!.values[i]!) < 1e-4, `logit ${i}: ${value} and ${logits!.values[i]}`);
    });
  });
}

test('a GPT reads and writes text with its own tokenizer', async (t) => {
  const folder = temporaryFolder(t);
  const tokenizer = path.join(path.dirname(fixture('gpt')), 'tokenizer.json');
  const source = { data: writeText(folder), vocabulary: 'tokenizer', tokenizer };
  const samples = { count: 2, prompt: 'the cat', temperature: 0 };
  const settings = { recipe: 'finetune-language', model: fixture('gpt'), adapt: 'all', ...source, samples };
  const run = await train(t, { ...settings, ...common, ...quick, steps: 60 }, [], folder);
  const { scalars } = await logged(run);
  assert.ok(scalars['val/loss']!.values.at(-1)! < 1.5, `loss ${scalars['val/loss']!.values.at(-1)}`);
  const drawn = readFileSync(path.join(run, 'samples', 'step_00000060.txt'), 'utf8');
  assert.match(drawn, /^the cat (sees|hears)/m);
  const { vocabulary } = decodeModel(readFileSync(path.join(run, 'model.onnx'))).metadata;
  assert.deepEqual(Object.keys(JSON.parse(vocabulary!)).sort(), ['kind', 'mask', 'pad', 'sha256', 'size', 'unknown']);
});

/** What the network of a checkpoint gives inside the trainer's own graph. */
async function ownLogits({ program, average }: OpenedCheckpoint, tokens: Numbers): Promise<Float64Array> {
  const { samples } = program;
  assert.ok(samples?.kind === 'text');
  const graph = new Graph();
  const pack = declareParameters(graph, program, 'average');
  const inputs = graph.input('tokens', tokens.shape, 'int32');
  const [rows, length] = tokens.shape as [number, number];
  const each = Array.from({ length }, (_, place) => {
    const places = graph.constant(new Array<number>(rows).fill(place + 1), [rows], 'int64');
    return unsqueeze(
      samples.build(graph, (name) => pack.get(name), inputs, places),
      [1],
    );
  });
  void pack.flat;
  const session = await loadModel(encodeModel(graph, { logits: concat(each, 1) }));
  const result = await session.run({ tokens, average: { shape: [average.length], values: average } });
  return result['logits']!.values;
}

test('a model that does not fit is refused with the way out', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeGenome(folder);
  const old = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/onnx', `${name}.onnx`);
  const refusals: readonly (readonly [object, RegExp])[] = [
    [{ model: old('gpt') }, /takes 2 sequences at once.*\n?.*open batch/],
    [{ model: old('resnet18') }, /gives no logits/],
    [{ model: fixture('bert') }, /gives no logits/],
    [{ model: fixture('gpt'), vocabulary: 'bytes', data: writeText(folder) }, /knows 40 tokens, and the data have 258/],
    [
      { model: fixture('gpt'), lora: { targets: 'q_proj' } },
      /No layer of the model with a fixed weight is called like q_proj/,
    ],
    [{ model: fixture('gpt'), samples: { prompt: 'hello' } }, /"h" is no base/],
  ];
  for (const [index, [settings, reason]] of refusals.entries()) {
    const config = { recipe: 'finetune-language', vocabulary: 'dna', data, ...common, steps: 2, ...settings };
    const { code, complaint } = await runTrainer(folder, writeConfig(folder, config), [`name=r${index}`]);
    assert.equal(code, 1);
    assert.match(complaint, reason);
  }
});
