import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import type { EntryPoint } from '../../../../src/domain/entryPoint.ts';
import { EntryPointSearch } from '../../../../src/launch/entryPoints/findEntryPoints.ts';
import { makeSample, type SampleName } from '../../../fixtures/sampleProject.ts';

/** No environments of this machine, so that every command begins with python3. */
const env = { PATH: '/usr/bin:/bin' };

describe('entry points of the sample repositories', () => {
  const samples: { dispose(): void }[] = [];
  after(() => {
    for (const sample of samples) sample.dispose();
  });
  const find = async (name: SampleName) => {
    const sample = makeSample(name);
    samples.push(sample);
    const { entries, problems } = await new EntryPointSearch().find(sample.folder, { env });
    assert.deepEqual(problems, []);
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    for (const entry of entries) {
      assert.ok(path.isAbsolute(entry.cwd));
      assert.ok((entry.line ?? 0) > 0);
      assert.match(entry.reason, /\.$/);
    }
    return {
      folder: sample.folder,
      entries,
      entry: (id: string): EntryPoint => byId.get(id) ?? assert.fail(`no ${id} among ${[...byId.keys()]}`),
    };
  };
  const typed = ({ command }: EntryPoint): string => command.join(' ');

  it('flow matching: launcher.py, train.py and the Modal app', async () => {
    const { folder, entry } = await find('flow-matching');
    const launcher = entry('script:launcher.py');
    assert.equal(typed(launcher), 'python3 launcher.py');
    assert.equal(launcher.takes, 'hydra');
    assert.equal(launcher.nameArgument, 'run_name={name}');
    assert.deepEqual(launcher.resume, ['resume=true']);
    assert.deepEqual(launcher.hydra, { configDir: path.join(folder, 'configs'), configName: 'train' });
    assert.deepEqual(
      launcher.options?.map(({ name, value }) => [name, value]),
      [
        ['--backend', 'local|modal'],
        ['--device', 'auto|cpu|cuda|mps'],
        ['--no-detach', undefined],
      ],
    );
    assert.equal(typed(entry('hydra:train.py')), 'python3 train.py');
    const modal = entry('modal:scripts/modal_app.py');
    assert.equal(typed(modal), 'modal run --detach scripts/modal_app.py --');
    assert.match(modal.reason, /denoisingzoo-training.*main.*A100-40GB, H100:8/);
  });

  it('LoRA experts: every shell stage with its options', async () => {
    const { entry } = await find('lora-experts');
    const train = entry('shell:train.sh');
    assert.equal(typed(train), './train.sh');
    assert.equal(train.role, 'train');
    assert.equal(train.nameArgument, '--run-name={name}');
    assert.deepEqual(train.options, [
      { name: '--run-name', value: 'NAME', required: true },
      { name: '--dataset-name', value: 'NAME', required: true },
      { name: '--fast', description: '20 steps' },
      { name: '--test', description: 'a small part of the dataset' },
    ]);
    for (const [id, role] of [
      ['generate', 'data'],
      ['upload', 'data'],
      ['preprocess', 'data'],
      ['eval', 'evaluate'],
      ['deploy-latest', 'other'],
      ['tensorboard', 'other'],
    ] as const)
      assert.equal(entry(`shell:${id}.sh`).role, role);
    assert.deepEqual(
      entry('shell:generate.sh').options?.map(({ name }) => name),
      ['--dry'],
    );
  });

  it('genomic models: Hydra decorators over several lines, and the Makefile', async () => {
    const { folder, entry, entries } = await find('genomic-lm');
    const train = entry('hydra:glm_experiments/train.py');
    assert.equal(typed(train), 'python3 glm_experiments/train.py');
    assert.equal(train.cwd, folder);
    assert.equal(train.line, 18);
    assert.deepEqual(train.hydra, { configDir: path.join(folder, 'configs'), configName: 'train' });
    assert.deepEqual(train.resume, ['ckpt_path={checkpoint}']);
    assert.equal(entry('hydra:glm_experiments/eval.py').role, 'evaluate');
    assert.equal(typed(entry('make:Makefile#sweep')), 'make sweep');
    assert.equal(entries[0]?.id, 'hydra:glm_experiments/train.py');
    assert.ok(!entries.some(({ id }) => /clean|help|standin/.test(id)));
  });

  it('telepathy: scripts for sbatch with what they ask for', async () => {
    const { entry } = await find('telepathy');
    const submit = entry('slurm:telepathy/submit_bridge.slurm');
    assert.equal(typed(submit), 'bash telepathy/submit_bridge.slurm');
    assert.equal(submit.takes, 'arguments');
    assert.deepEqual(submit.slurm, {
      nodes: 1,
      tasks: 1,
      account: 'marlowe-m000066',
      partition: 'preempt',
      time: '12:00:00',
      mem: '64GB',
      options: ['--gpus=1'],
    });
    assert.deepEqual(entry('slurm:telepathy/submit_array.sbatch').slurm, {
      account: 'marlowe-m000066',
      partition: 'preempt',
      gres: 'gpu:1',
      cpusPerTask: 4,
      time: '1-00:00:00',
      options: ['--array=0-3', '--requeue'],
    });
    assert.deepEqual(entry('script:telepathy/train_bridge.py').resume, ['--resume_from_checkpoint', '{checkpoint}']);
  });

  it('hub: modules with relative imports are run with -m', async () => {
    const { folder, entry } = await find('experiment-hub');
    const train = entry('module:hub/train.py');
    assert.equal(typed(train), 'python3 -m hub.train');
    assert.equal(train.cwd, folder);
    assert.deepEqual(train.resume, ['--resume', '{checkpoint}']);
    assert.deepEqual(entry('script:hub/evaluate.py').resume, ['--checkpoint', '{checkpoint}']);
    assert.equal(entry('make:Makefile#smoke').role, 'other');
  });
});
