import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../../src/domain/json.ts';
import { bridge } from '../../../src/recipes/bridge/index.ts';
import type { TokenFacts } from '../../../src/recipes/data.ts';
import type { Recipe } from '../../../src/recipes/recipe.ts';
import { textClassifier } from '../../../src/recipes/textClassifier/index.ts';
import { BatchLoader } from '../../../src/trainer/data/batches.ts';
import type { DataSet } from '../../../src/trainer/data/dataSet.ts';
import { FusedSteps } from '../../../src/trainer/engine/fusedSteps.ts';
import { stepFor } from '../../../src/trainer/engine/stepFor.ts';
import { initialState } from '../../../src/trainer/engine/trainState.ts';
import { configure } from '../recipes/tinyRun.ts';

/** What recordAdaptations.py fixes. */
const [steps, batch, length, pad] = [12, 4, 9, 0];
const fixtures = path.resolve(import.meta.dirname, '../../fixtures/languageModels');
const truth = JSON.parse(readFileSync(path.join(fixtures, 'adaptations.json'), 'utf8')) as {
  readonly courses: Readonly<Record<string, readonly number[]>>;
};
const model = (name: string) => path.join(fixtures, `${name}.onnx`);
const optimizer = { learningRate: 0.01, warmupSteps: 2 };
const facts: TokenFacts = {
  kind: 'tokens',
  examples: steps * batch,
  window: length,
  vocabulary: { kind: 'tokenizer', size: 40, pad, mask: 1 },
  weighted: true,
  classes: 0,
};

/** The batches of the script, one after the other, given out in their order whatever is asked for. */
function batches(own: TokenFacts): DataSet {
  let next = 0;
  return {
    name: 'train',
    path: '',
    facts: own,
    sha256: '',
    gather: ({ length: count }) => {
      const places = Array.from({ length: count }, (_, i) => next + i);
      next += count;
      const tokens = Int32Array.from(places.flatMap((place) => tokensOf(Math.floor(place / batch), place % batch)));
      return {
        tokens,
        weights: Float32Array.from(tokens, (token) => (token === pad ? 0 : 1)),
        ...(own.classes === 0
          ? {}
          : {
              labels: BigInt64Array.from(places, (place) => BigInt(((place % batch) + Math.floor(place / batch)) % 3)),
            }),
      };
    },
    dispose: () => {},
  };
}

function tokensOf(step: number, text: number): readonly number[] {
  return Array.from({ length }, (_, i) => {
    const place = text * length + i;
    return i < length - 1 - text ? 3 + ((place * 7 + step * 11 + ((place * place) % 5)) % 37) : pad;
  });
}

/** Losses of the trainer's own steps from parameters that a formula gives. */
async function losses(recipe: Recipe, config: JsonObject, own: TokenFacts): Promise<readonly number[]> {
  const program = recipe.build(configure(recipe, { ...config, optimizer, batchSize: batch }), own);
  const step = stepFor('cpu', program, own);
  const weights = new Float32Array(step.pack.size);
  step.pack.layout.forEach(({ offset, size }, k) => {
    for (let i = 0; i < size; i++) weights[offset + i] = 0.1 * Math.sin(0.9 * i + 1.3 * k + 0.5);
  });
  const loader = new BatchLoader(batches(own), 0);
  const placement = { device: 'cpu', threads: 1 } as const;
  const fused = new FusedSteps({
    step,
    optimizer: program.optimizer,
    batchSize: batch,
    totalSteps: steps,
    seed: 0,
    loader,
    placement,
  });
  try {
    const { metrics } = await fused.run(initialState(weights), steps);
    return [...metrics.get('train/loss')!];
  } finally {
    fused.dispose();
  }
}

function assertSameCourse(ours: readonly number[], theirs: readonly number[]): void {
  assert.equal(ours.length, theirs.length);
  ours.forEach((loss, step) => {
    const apart = Math.abs(loss - theirs[step]!) / theirs[step]!;
    assert.ok(apart < 1e-4, `step ${step}: ${loss} here, ${theirs[step]} in PyTorch`);
  });
}

for (const [adapt, keys] of [
  ['lora', { lora: { rank: 2, alpha: 4, targets: 'query, value' } }],
  ['soft-prompt', { prompt: { tokens: 3 } }],
] as const) {
  test(`a router on BERT takes PyTorch's course, step by step: ${adapt}`, async () => {
    const config = { model: model('bert'), vocabulary: 'tokenizer', window: length, adapt, ...keys };
    assertSameCourse(await losses(textClassifier, config, { ...facts, classes: 3 }), truth.courses[adapt]!);
  });
}

test("a bridge from GPT to Llama takes PyTorch's course, step by step", async () => {
  const models = { sender: model('gpt'), receiver: model('llama') };
  const config = { ...models, vocabulary: 'tokenizer', window: 5, continuation: 4, bridge: { tokens: 2, heads: 2 } };
  assertSameCourse(await losses(bridge, config, facts), truth.courses['bridge']!);
});
