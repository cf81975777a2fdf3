import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { equal, mul, where } from '../../../src/graph/index.ts';
import { openRun } from '../../../src/readers/index.ts';
import { classifier } from '../../../src/recipes/classifier/index.ts';
import { type Recipe, randomCounter } from '../../../src/recipes/recipe.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from './support.ts';
import { checkpointBits, outcomeOf } from './trainProcess.ts';

const settings = {
  recipe: 'classifier',
  network: { kind: 'mlp', width: 16 },
  batchSize: 16,
  device: 'cpu',
  threads: 1,
};

test('a loss that is no number stops the run as failed, with the step; the last good checkpoint stays', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder) });
  const run = path.join(folder, 'runs/nan');
  const { code, complaint } = await runTrainer(
    folder,
    config,
    ['name=nan', 'steps=100', 'checkpointEvery=10', 'stepsPerRun=8', 'optimizer.clipNorm=0'],
    { recipes: [explodingAt(25)] },
  );
  assert.equal(code, 1);
  assert.match(
    complaint,
    /train\/loss became (NaN|Infinity) at step 25\. The last good checkpoint, of step 20, is kept/,
  );
  const outcome = outcomeOf(run);
  assert.deepEqual([outcome.status, outcome.step, outcome.error?.code], ['failed', 20, 'diverged']);
  for (const name of readdirSync(path.join(run, 'checkpoints'))) {
    for (const [tensor, hex] of Object.entries(checkpointBits(run, name))) {
      if (!tensor.startsWith('trainer.'))
        assert.ok(
          new Float32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer).every(Number.isFinite),
          `${name} ${tensor}`,
        );
    }
  }
  // The chart shows the bad point, and nothing behind it.
  const reader = openRun({ source: 'tensorboard', path: run, root: run, name: 'x' });
  const { scalars } = await reader.poll(undefined, { maxBytes: 10_000_000 });
  reader.dispose();
  const loss = scalars.find(({ tag }) => tag === 'train/loss')!;
  assert.deepEqual([loss.steps.at(-1), Number.isFinite(loss.values.at(-1))], [25, false]);
});

test('a configuration that is wrong is refused with every reason, before anything is made', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const config = writeConfig(folder, { ...settings, data });
  const written = (text: string, name: string) => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    [config, ['stepz=5'], /There is no key stepz in this recipe\. Did you mean steps\?/],
    [config, ['steps=many'], /steps must be a whole number of at least 1, not "many"/],
    [config, ['steps=0'], /steps must be/],
    [config, ['steps'], /"steps" is no override/],
    [config, ['device=gpu'], /device must be one of auto, cuda/],
    [config, ['steps=x', 'seed=-1'], /seed must be .*\nsteps must be/],
    [config, ['name=a/b'], /"a\/b" cannot name a run/],
    [config, ['recipe=alchemy'], /There is no recipe "alchemy"\. There are meanflow, classifier/],
    [path.join(folder, 'no.yaml'), [], /no\.yaml cannot be read\. There is no such file/],
    [written('recipe: [unclosed', 'broken.yaml'), [], /broken\.yaml is no YAML/],
    [written('just text', 'text.yaml'), [], /must hold keys and values/],
    [written('steps: 5', 'norecipe.yaml'), [], /names no recipe/],
    [writeConfig(folder, settings, 'nodata.yaml'), [], /data must be given/],
  ];
  for (const [file, overrides, says] of cases) {
    const { code, complaint } = await runTrainer(folder, file, overrides);
    assert.equal(code, 1, String(says));
    assert.match(complaint, says);
  }
  assert.ok(!existsSync(path.join(folder, 'runs')));
});

test('what cannot be trained fails before training, with the reason in outcome.json', async (t) => {
  const folder = temporaryFolder(t);
  const data = writeIdxSet(folder);
  const config = writeConfig(folder, { ...settings, data });
  const foreign = process.platform === 'win32' ? 'coreml' : 'dml';
  const other = path.join(folder, 'other');
  mkdirSync(other);
  const cut = writeIdxSet(other);
  truncateSync(path.join(cut, 'train-images-idx3-ubyte'), 1000);
  const cases: readonly (readonly [string, string, string, RegExp])[] = [
    ['device', `device=${foreign}`, 'device-unavailable', /exists only on/],
    ['missing', 'data=nowhere', 'bad-data', /does not exist/],
    ['cut', `data=${cut}`, 'bad-data', /is cut: 6 160 bytes expected, 1 000 found/],
    ['batch', 'batchSize=1000', 'bad-config', /A batch of 1000 is larger than the data set/],
  ];
  for (const [name, override, expected, says] of cases) {
    const { code, complaint } = await runTrainer(folder, config, [`name=${name}`, override]);
    assert.equal(code, 1, name);
    assert.match(complaint, says);
    const { status, error } = outcomeOf(path.join(folder, 'runs', name));
    assert.deepEqual([status, error?.code], ['failed', expected]);
    assert.match(error!.message, says);
  }
});

test('where the worker made the directory, a wrong configuration leaves its reason there', async (t) => {
  const folder = temporaryFolder(t);
  const run = path.join(folder, 'given');
  mkdirSync(run);
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder), steps: 'lots' });
  const { code } = await runTrainer(folder, config, [], { environment: { TRAINYARD_RUN_DIR: run } });
  assert.equal(code, 1);
  assert.equal(outcomeOf(run).error?.code, 'bad-config');
});

test('a judge that is none is refused before training', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(path.join(folder, 'judge.onnx'), 'no model');
  const config = writeConfig(folder, {
    recipe: 'meanflow',
    data: writeIdxSet(folder),
    batchSize: 8,
    network: { kind: 'mlp', width: 16 },
    device: 'cpu',
  });
  for (const [judge, says] of [
    ['judge.onnx', /judge\.onnx cannot be used: it is no ONNX model/],
    ['gone.onnx', /gone\.onnx cannot be used: there is no such file/],
  ] as const) {
    const { code, complaint } = await runTrainer(folder, config, [`name=${judge}`, `judge=${judge}`]);
    assert.equal(code, 1);
    assert.match(complaint, says);
    assert.equal(outcomeOf(path.join(folder, 'runs', judge)).step, 0);
  }
});

test('a directory that holds a run already is not touched', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder) });
  await runTrainer(folder, config, ['name=x', 'steps=3']);
  const before = readFileSync(path.join(folder, 'runs/x/run.json'), 'utf8');
  const { code, complaint } = await runTrainer(folder, config, ['name=x', 'steps=5']);
  assert.equal(code, 1);
  assert.match(complaint, /holds a run already\. Give another name, or resume=last/);
  assert.equal(readFileSync(path.join(folder, 'runs/x/run.json'), 'utf8'), before);
  assert.equal(outcomeOf(path.join(folder, 'runs/x')).status, 'finished');
});

test('a file in the place of the run directory is said plainly', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder) });
  writeFileSync(path.join(folder, 'runs'), '');
  const { code, complaint } = await runTrainer(folder, config, ['name=x']);
  assert.equal(code, 1);
  assert.match(complaint, /cannot be made: a file is in its place/);
});

test('a run directory on a read-only file system is said plainly', async (t) => {
  const folder = temporaryFolder(t);
  const mounted = mountTmpfs(t, ['ro']);
  if (mounted === undefined) return t.skip('mounting a file system needs root on Linux');
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder) });
  const { code, complaint } = await runTrainer(folder, config, [], {
    environment: { TRAINYARD_RUN_DIR: path.join(mounted, 'run') },
  });
  assert.equal(code, 1);
  assert.match(complaint, /cannot be written to\. Not allowed to write: EROFS.*Choose a folder that you may write to/);
});

test('a disk that fills up fails the run with the reason; the last good checkpoint stays and training goes on from it elsewhere', async (t) => {
  const folder = temporaryFolder(t);
  const mounted = mountTmpfs(t, ['size=1m']);
  if (mounted === undefined) return t.skip('mounting a file system needs root on Linux');
  const config = writeConfig(folder, { ...settings, data: writeIdxSet(folder), network: { kind: 'mlp', width: 64 } });
  const run = path.join(mounted, 'run');
  const { code, complaint } = await runTrainer(
    folder,
    config,
    ['steps=400', 'checkpointEvery=20', 'keepCheckpoints=100'],
    { environment: { TRAINYARD_RUN_DIR: run } },
  );
  assert.equal(code, 1);
  assert.match(complaint, /No room left on the disk/);
  const outcome = outcomeOf(run);
  assert.deepEqual([outcome.status, outcome.error?.code], ['failed', 'disk-full']);
  const names = readdirSync(path.join(run, 'checkpoints'));
  assert.deepEqual(
    names.filter((name) => name.startsWith('.')),
    [],
  );
  assert.ok(names.length >= 2, names.join());
  for (const name of names) checkpointBits(run, name);
  const last = path.join(run, 'checkpoints/last.safetensors');
  const resumed = await runTrainer(folder, config, ['name=on', `resume=${last}`, 'steps=400']);
  assert.equal(resumed.code, 0, resumed.complaint);
});

/** The classifier, whose loss becomes infinite at a step (from 1): the counter of random numbers of seed 0 tells which step it is. */
function explodingAt(step: number): Recipe {
  return {
    ...classifier,
    build(config, data) {
      const program = classifier.build(config, data);
      return {
        ...program,
        step(inputs) {
          const { loss, metrics } = program.step(inputs);
          const isStep = equal(
            inputs.counter,
            inputs.graph.constant([Number(randomCounter(0, step - 1))], [], 'int64'),
          );
          return { loss: mul(loss, where(isStep, inputs.graph.scalar(Number.POSITIVE_INFINITY), 1)), metrics };
        },
      };
    },
  };
}

/** A small file system of its own, unmounted after the test; undefined where this process may not mount one. */
function mountTmpfs(t: TestContext, options: readonly string[]): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const place = mkdtempSync(path.join(tmpdir(), 'trainyard-mounted-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options.join(), 'tmpfs', place], { stdio: 'pipe' });
  } catch {
    rmdirSync(place);
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', [place]);
    rmdirSync(place);
  });
  return place;
}
