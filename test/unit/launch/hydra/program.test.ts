import assert from 'node:assert/strict';
import { appendFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { EntryPoint } from '../../../../src/domain/entryPoint.ts';
import { EntryPointSearch } from '../../../../src/launch/entryPoints/findEntryPoints.ts';
import { explainHydra } from '../../../../src/launch/hydra/explainHydra.ts';
import { HydraPrograms } from '../../../../src/launch/hydra/hydraProgram.ts';
import { makeSample, type SampleName } from '../../../fixtures/sampleProject.ts';

/** These start the sample's own program, whose Hydra is the stand-in where the real one is not installed. */
describe('the form and the configuration of a Hydra program', () => {
  const samples: { dispose(): void }[] = [];
  after(() => {
    for (const sample of samples) sample.dispose();
  });
  const open = async (name: SampleName, id: string): Promise<{ folder: string; entry: EntryPoint }> => {
    const sample = makeSample(name);
    samples.push(sample);
    const { entries } = await new EntryPointSearch().find(sample.folder);
    return { folder: sample.folder, entry: entries.find((entry) => entry.id === id) ?? assert.fail(id) };
  };

  it('has groups with what is chosen, and keys with values and comments', async () => {
    const { entry } = await open('flow-matching', 'hydra:train.py');
    const form = new HydraPrograms().form(entry, ['model=unet', 'loss=meanflow']);
    assert.deepEqual(
      form.groups.map(({ name, chosen }) => [name, chosen]),
      [
        ['dataloaders', 'kmeans'],
        ['loss', 'meanflow'],
        ['model', 'unet'],
      ],
    );
    const key = (name: string) => form.keys.find((item) => item.key === name);
    assert.deepEqual(key('run_name'), {
      key: 'run_name',
      value: '???',
      missing: true,
      comment: 'python launcher.py run_name=my_experiment',
    });
    assert.deepEqual(key('loss.meanflow_ratio')?.value, 0.75);
    assert.deepEqual(form.composition.missing, ['run_name']);
    assert.equal(form.composition.by, 'estimate');
  });

  it("is composed by the project's own program, and asked again only when a file changed", async () => {
    const { folder, entry } = await open('genomic-lm', 'hydra:glm_experiments/train.py');
    const programs = new HydraPrograms();
    const words = ['experiment=bert_small', 'trainer.max_epochs=2', "+note='grüße $(id)'"];
    const composed = await programs.compose(entry, words, { mayExecute: true });
    assert.equal(composed.by, 'hydra');
    assert.deepEqual(composed.problems, []);
    assert.equal(composed.config['note'], 'grüße $(id)');
    assert.deepEqual(composed.config['tags'], ['bert', 'small']);
    assert.ok(!existsSync(path.join(folder, 'logs')), 'no job was started');
    assert.equal(await programs.compose(entry, words, { mayExecute: true }).then(({ yaml }) => yaml), composed.yaml);
    appendFileSync(path.join(folder, 'configs/experiment/bert_small.yaml'), '\nextra_key: 1\n');
    const again = await programs.compose(entry, words, { mayExecute: true });
    assert.equal(again.config['extra_key'], 1);
  });

  it('starts nothing in a folder that is not trusted', async () => {
    const { entry } = await open('flow-matching', 'hydra:train.py');
    const marked = { ...entry, command: ['/nonexistent/program'] };
    const composed = await new HydraPrograms().compose(marked, ['run_name=a'], { mayExecute: false });
    assert.equal(composed.by, 'estimate');
    assert.match(composed.remarks.join(), /not trusted/);
    assert.equal(composed.config['run_name'], 'a');
  });

  it('is an estimate with the reason where the program cannot be asked', async () => {
    const { entry } = await open('flow-matching', 'hydra:train.py');
    const programs = new HydraPrograms();
    const broken = await programs.compose(
      { ...entry, command: ['python3', '-c', 'import nothing_of_the_kind'] },
      ['run_name=a'],
      { mayExecute: true },
    );
    assert.equal(broken.by, 'estimate');
    assert.match(broken.remarks.join(), /nothing_of_the_kind/);
    const absent = await programs.compose({ ...entry, command: ['/nonexistent/python'] }, ['run_name=a'], {
      mayExecute: true,
    });
    assert.equal(absent.by, 'estimate');
    assert.match(absent.remarks.join(), /could not be started/);
    const launcher = await open('flow-matching', 'script:launcher.py');
    const estimated = await programs.compose(launcher.entry, ['--device', 'cpu', 'run_name=b'], { mayExecute: true });
    assert.equal(estimated.config['run_name'], 'b');
    assert.deepEqual(estimated.problems, []);
  });

  it('says what is wrong with overrides', async () => {
    const { entry } = await open('genomic-lm', 'hydra:glm_experiments/train.py');
    const programs = new HydraPrograms();
    const wrong = await programs.compose(entry, ['trainer.max_epoch=3'], { mayExecute: true });
    assert.match(wrong.problems.join(), /no key trainer\.max_epoch\. Did you mean trainer\.max_epochs\?/);
    assert.match(wrong.remarks.join(), /Could not override/);
    const syntax = await programs.compose(entry, ['seed=1', '+x=a=b'], { mayExecute: true });
    assert.match(syntax.problems.join(), /needs quotes/);
  });
});

it('words of Hydra are told from failures of the program', () => {
  const refused = explainHydra(
    "Could not override 'db.nope'.\nTo append to your config use +db.nope=1\nKey 'nope' is not in struct\n    full_key: db.nope\n    object_type=dict\n\nSet the environment variable HYDRA_FULL_ERROR=1 for a complete stack trace.\n",
  );
  assert.deepEqual(refused, {
    kind: 'refused',
    message: "Could not override 'db.nope'. To append to your config use +db.nope=1 Key 'nope' is not in struct.",
  });
  const option = explainHydra(
    "In 'config': Could not find 'db/x'\n\nAvailable options in 'db':\n\tmysql\n\tpostgresql\nConfig search path:\n\tprovider=hydra, path=pkg://hydra.conf\n",
  );
  assert.deepEqual(option, {
    kind: 'refused',
    message: "In 'config': Could not find 'db/x' Available options in 'db': mysql, postgresql.",
  });
  assert.equal(
    explainHydra(
      'Traceback (most recent call last):\n  File "train.py", line 1\nModuleNotFoundError: No module named \'torch\'\n',
    ).kind,
    'unavailable',
  );
  assert.equal(explainHydra('').kind, 'unavailable');
});
