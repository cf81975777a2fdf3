import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { composeConfig } from '../../../../src/launch/hydra/composeConfig.ts';
import { ConfigCache } from '../../../../src/launch/hydra/configFiles.ts';
import { readConfigText } from '../../../../src/launch/hydra/configText.ts';
import { makeSample } from '../../../fixtures/sampleProject.ts';

interface Recorded {
  readonly files: { readonly [file: string]: string };
  readonly overrides: readonly string[];
  /** null: Hydra refused. */
  readonly config: unknown;
}

/** What Hydra 1.3.5 with OmegaConf 2.3.1 made of generated projects; recorded by test/fixtures/hydra/record.mjs. */
const recorded: Recorded[] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../../fixtures/hydra/composed.json'), 'utf8'),
);

describe('our own composer', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'compose-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const write = (files: { readonly [file: string]: string }, folder = root): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
  };
  const compose = (overrides: readonly string[], name = 'config') =>
    composeConfig(root, name, overrides, new ConfigCache());

  it(`composes ${recorded.length} generated projects as Hydra does, and refuses what it refuses`, () => {
    const cache = new ConfigCache();
    let composed = 0;
    for (const [index, { files, overrides, config }] of recorded.entries()) {
      const folder = path.join(root, String(index));
      write(files, folder);
      const ours = composeConfig(folder, 'config', overrides, cache);
      const where = `${JSON.stringify(files, undefined, 1)} ${overrides.join(' ')}: ${ours.problems.join(' ')}`;
      if (config === null) assert.ok(ours.problems.length > 0, where);
      else {
        composed++;
        assert.deepEqual(ours.problems, [], where);
        assert.deepEqual(ours.config, config, where);
      }
    }
    assert.ok(composed > 30);
  });

  it('composes the experiments of a Lightning project', () => {
    const sample = makeSample('genomic-lm');
    try {
      const folder = path.join(sample.folder, 'configs');
      const { config, choices, problems, comments } = composeConfig(
        folder,
        'train',
        ['experiment=bert_small', 'trainer=ddp', 'trainer.max_epochs=20', 'model/optimizer=sgd', 'tags=["benchmark"]'],
        new ConfigCache(),
      );
      assert.deepEqual(problems, []);
      assert.equal(choices.get('data'), 'animal');
      assert.equal(choices.get('trainer'), 'ddp');
      assert.equal(choices.get('debug'), null);
      assert.deepEqual(config['tags'], ['benchmark']);
      assert.equal((config['trainer'] as { max_epochs: number }).max_epochs, 20);
      assert.equal((config['trainer'] as { strategy: string }).strategy, 'ddp');
      assert.equal(comments.get('model.optimizer.lr'), undefined);
      assert.equal(comments.get('trainer.min_epochs'), 'prevents early stopping');
    } finally {
      sample.dispose();
    }
  });

  it('names what is missing and what was meant', () => {
    write({
      'config.yaml': 'defaults:\n  - db: ???\n  - model: unet\nrun_name: ???\noptimizer:\n  lr: 1e-3\n',
      'db/mysql.yaml': 'port: 1\n',
      'db/postgresql.yaml': 'port: 2\n',
      'model/unet.yaml': 'width: ???\n',
    });
    const open = compose([]);
    assert.deepEqual(
      open.missing,
      ['db', 'model.width', 'run_name'].filter((key) => open.missing.includes(key)),
    );
    assert.deepEqual([...open.missing].sort(), ['db', 'model.width', 'run_name']);
    assert.match(open.problems.join(), /db must be chosen: mysql, postgresql/);
    for (const [words, sentence] of [
      [
        ['db=mysql', 'optimizer.lrr=1'],
        /There is no key optimizer\.lrr\. Did you mean optimizer\.lr\? To add it, write \+optimizer\.lrr=1/,
      ],
      [['db=mysq'], /db has no option mysq .*Did you mean mysql\?/],
      [['db=mysql', '+run_name.x=1', 'lr'], /lr: "lr" sets nothing/],
      [['db=mysql', '~nothing'], /~nothing removes nothing/],
      [['db=mysql', 'data=x'], /There is no key data/],
      [['db=mysql', '+optimizer.lr=2'], /optimizer\.lr is there already/],
    ] as const)
      assert.match(compose(words).problems.join(' '), sentence);
    assert.deepEqual(compose(['db=mysql', 'model.width=1', 'run_name=a']).missing, []);
  });

  it('shows the first job of a sweep', () => {
    write({ 'config.yaml': 'seed: 0\nlr: 1\n' });
    const { config, remarks, job } = compose(['seed=3,4,5', 'lr=0.1']);
    assert.deepEqual(config, { seed: 3, lr: 0.1 });
    assert.deepEqual(job, ['seed=3', 'lr=0.1']);
    assert.match(remarks.join(), /first of the 3 jobs/);
  });

  it('ends with a sentence where configurations include one another or are broken', () => {
    write({ 'config.yaml': 'defaults:\n  - a\n', 'a.yaml': 'defaults:\n  - b\n', 'b.yaml': 'defaults:\n  - a\n' });
    assert.match(compose([]).problems.join(), /in a circle: config → a → b → a/);
    write({ 'config.yaml': 'x: [1, 2\ny: 3\n' });
    assert.match(compose([]).problems.join(), /config\.yaml:\d+: /);
    write({ 'config.yaml': '- 1\n' });
    assert.match(compose([]).problems.join(), /must hold keys and values/);
    assert.match(compose([], 'nowhere').problems.join(), /no configuration nowhere\.yaml/);
  });

  it('sees a file that changed', () => {
    const cache = new ConfigCache();
    write({ 'config.yaml': 'a: 1\n' });
    assert.deepEqual(composeConfig(root, 'config', [], cache).config, { a: 1 });
    write({ 'config.yaml': 'a: 1\nb: 2\n' });
    assert.deepEqual(composeConfig(root, 'config', [], cache).config, { a: 1, b: 2 });
  });

  it('cannot be led out of its folder, nor change what objects are', () => {
    write({ 'config.yaml': 'defaults:\n  - ../secret\n__proto__:\n  polluted: 1\n' });
    const { problems } = compose(['++__proto__.polluted=1']);
    assert.match(problems.join(), /no configuration \.\.\/secret/);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });
});

it('numbers and truth values are those of OmegaConf', () => {
  const text =
    'a: 1e-4\nb: yes\nc: off\nd: 1_000\ne: 0x1F\nf: 017\ng: 1:30\nh: 2026-11-22\ni: y\nj: .5\nk: 1.\nl: ~\nm: "1"\nn: .inf\no: 3.0\n';
  assert.deepEqual(readConfigText(text, 'x').tree, {
    a: 1e-4,
    b: true,
    c: false,
    d: 1000,
    e: 31,
    f: 15,
    g: 90,
    h: '2026-11-22',
    i: 'y',
    j: 0.5,
    k: 1,
    l: null,
    m: '1',
    n: 'inf',
    o: 3,
  });
});
