import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { Disposables } from '../../../../src/base/disposables.ts';
import { toErrorInfo } from '../../../../src/base/errors.ts';
import {
  describeEstimate,
  type FreeMemory,
  type MemoryNeed,
  memoryAdvice,
} from '../../../../src/domain/memoryEstimate.ts';
import type { OutcomeFile, RunFile } from '../../../../src/domain/runDirectory.ts';
import { recipes } from '../../../../src/recipes/index.ts';
import { loadConfig } from '../../../../src/trainer/config/loadConfig.ts';
import { runSettings } from '../../../../src/trainer/config/runSettings.ts';
import { readTensors } from '../../../../src/trainer/files/safetensors.ts';
import { judgeMemory, largestFitting, refuseTooLarge } from '../../../../src/trainer/run/checkMemory.ts';
import { freeHostMemory } from '../../../../src/trainer/run/freeMemory.ts';
import { planStep } from '../../../../src/trainer/run/planStep.ts';
import { openRunData } from '../../../../src/trainer/run/runData.ts';
import { runTrainer, temporaryFolder, writeConfig, writeIdxSet } from '../support.ts';

const gigabyte = 1e9;

test('what fits is told; what cannot fit is refused with the batch that would', () => {
  const needAt = (batch: number) => ({ host: gigabyte * (1 + 0.1 * batch), device: 0 });
  const judge = (batchSize: number, accumulate = 1, recompute: 'auto' | 'off' = 'auto') =>
    judgeMemory({
      device: 'cpu',
      batchSize,
      accumulate,
      recompute,
      recomputes: false,
      need: needAt(batchSize),
      free: { host: 4 * gigabyte },
      needAt,
    });
  const small = judge(10);
  assert.equal(describeEstimate(small), 'Needs about 2.0 GB of memory; 4.0 GB can be had.');
  assert.deepEqual([small.verdict, small.fittingBatch, memoryAdvice(small)], ['fits', undefined, undefined]);
  refuseTooLarge(small);

  const doubtful = judge(35);
  assert.match(describeEstimate(doubtful), /4\.5 GB of memory; 4\.0 GB can be had\. That may not be enough\.$/);
  refuseTooLarge(doubtful);
  const fitting = doubtful.fittingBatch!;
  assert.ok(fitting >= 28 && fitting <= 30, String(fitting));

  const large = judge(64);
  assert.match(describeEstimate(large), /7\.4 GB of memory; 4\.0 GB can be had\. That is not enough\.$/);
  assert.throws(
    () => refuseTooLarge(large),
    (error) => {
      const { code, message, hint } = toErrorInfo(error);
      assert.deepEqual(
        [code, message],
        ['out-of-memory', 'This run needs about 7.4 GB of memory, and 4.0 GB can be had.'],
      );
      const batch = Number(/batchSize=(\d+)/.exec(hint!)?.[1]);
      assert.ok(batch >= 28 && batch <= 30, hint);
      return true;
    },
  );
  assert.match(memoryAdvice(judge(64, 1, 'off'))!, /recompute=auto would need less\.$/);
  assert.doesNotMatch(memoryAdvice(large)!, /recompute/);
  assert.match(
    describeEstimate({ ...small, recomputes: true }),
    /2\.0 GB of memory, with the forward pass computed twice; /,
  );
  const inParts = judge(64, 4);
  assert.equal(inParts.batchSize, 256);
  assert.equal(inParts.fittingBatch, 4 * large.fittingBatch!, 'a batch of several parts is told whole');
});

test('what fits at no batch, and what a device lacks, is said so', () => {
  const judge = (need: MemoryNeed, free: FreeMemory) =>
    judgeMemory({
      device: 'cuda',
      batchSize: 8,
      accumulate: 1,
      recompute: 'auto',
      recomputes: false,
      need,
      free,
      needAt: () => need,
    });
  const never = judge({ host: 9 * gigabyte, device: 0 }, { host: 4 * gigabyte });
  assert.throws(
    () => refuseTooLarge(never),
    (error) => /No batch is small enough/.test(toErrorInfo(error).hint!),
  );
  const gpu = { host: gigabyte, device: 24 * gigabyte };
  assert.throws(
    () => refuseTooLarge(judge(gpu, { host: 4 * gigabyte, device: 16 * gigabyte })),
    /24\.0 GB of the device's memory and 1\.0 GB of the machine's, and 4\.0 GB and 16\.0 GB of the device's can be had/,
  );
  assert.equal(judge(gpu, { host: 4 * gigabyte }).verdict, 'fits', 'nobody tells what the device has');
});

test('the batch that is named fits, and not much more would', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 0, max: 4096 }), (above, limit) => {
      const found = largestFitting(above, (size) => size <= limit);
      if (limit === 0 || above === 1) return assert.equal(found, undefined);
      assert.ok(found !== undefined && found <= limit && found < above);
      assert.ok(found >= Math.min(limit, above - 1) * 0.9 - 1, `${found} of ${limit} below ${above}`);
    }),
  );
});

test('free memory is what the machine has or what the control group leaves, cached files aside', (t) => {
  const root = temporaryFolder(t);
  const put = (file: string, text: string) => {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  put('proc/meminfo', 'MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\n');
  assert.equal(freeHostMemory(root), 8_192_000_000);
  put('proc/self/cgroup', '0::/job/step\n');
  put('sys/fs/cgroup/job/memory.max', '3000000000\n');
  put('sys/fs/cgroup/job/memory.current', '2000000000\n');
  put('sys/fs/cgroup/job/memory.stat', 'anon 1\ninactive_file 500000000\n');
  put('sys/fs/cgroup/job/step/memory.max', 'max\n');
  assert.equal(freeHostMemory(root), 1_500_000_000);
  put('proc/self/cgroup', '5:cpu:/x\n7:memory:/slurm\n');
  put('sys/fs/cgroup/memory/slurm/memory.limit_in_bytes', '1000000000\n');
  put('sys/fs/cgroup/memory/slurm/memory.usage_in_bytes', '400000000\n');
  put('sys/fs/cgroup/memory/slurm/memory.stat', 'total_inactive_file 100000000\n');
  assert.equal(freeHostMemory(root), 700_000_000);
});

test('a run says what it will need, and one that cannot fit does not start', async (t) => {
  const folder = temporaryFolder(t);
  const config = smallConfig(folder, 2);
  const small = await runTrainer(folder, config, ['name=small']);
  assert.equal(small.code, 0, small.complaint);
  assert.ok(
    small.lines.some((line) => /^Needs about \d+ MB of memory; .* can be had\.$/.test(line)),
    small.lines.join('\n'),
  );
  const meanflow = writeConfig(
    folder,
    {
      recipe: 'meanflow',
      network: { kind: 'mlp', width: 8192, layers: 16 },
      data: writeIdxSet(folder),
      device: 'cpu',
      batchSize: 8,
      steps: 2,
    },
    'large.yaml',
  );
  const large = await runTrainer(folder, meanflow, ['name=large']);
  assert.equal(large.code, 1);
  assert.match(large.complaint, /This run needs about [\d.]+ GB of memory.*can be had/s);
});

test('a run keeps what was estimated beside what it took', async (t) => {
  const folder = temporaryFolder(t);
  const config = smallConfig(folder, 4);
  const { code, lines, complaint } = await runTrainer(folder, config, ['name=told']);
  assert.equal(code, 0, complaint);
  const read = (name: string) => JSON.parse(readFileSync(path.join(folder, 'runs', 'told', name), 'utf8'));
  const { memory } = read('run.json') as RunFile;
  const { peakMemory } = read('outcome.json') as OutcomeFile;
  assert.ok(memory!.host > 1e8 && memory!.device === 0 && !memory!.recomputes, JSON.stringify(memory));
  // All tests of this file share the process, so its peak may be that of another one.
  assert.ok(peakMemory! > 5e7, String(peakMemory));
  assert.ok(
    lines.some((line) => /^Finished at step 4, with [\d.]+ (MB|GB) of memory at most\./.test(line)),
    lines.join('\n'),
  );
});

test('with recompute=on a run ends with the same numbers, and one that would not fit otherwise turns it on itself', async (t) => {
  const folder = temporaryFolder(t);
  const config = writeConfig(folder, {
    recipe: 'meanflow',
    network: { kind: 'dit', patch: 2, width: 32, layers: 4, heads: 2 },
    data: writeIdxSet(folder),
    device: 'cpu',
    threads: 1,
    batchSize: 32,
    steps: 2,
    samples: { count: 4 },
  });
  const parameters = async (name: string, override: string) => {
    const { code, complaint } = await runTrainer(folder, config, [`name=${name}`, override]);
    assert.equal(code, 0, complaint);
    const { tensors } = readTensors(path.join(folder, 'runs', name, 'checkpoints', 'last.safetensors'));
    return [...tensors.values()].map(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]);
  };
  const once = await parameters('once', 'recompute=off');
  assert.deepEqual(await parameters('twice', 'recompute=on'), once);
  const loaded = loadConfig(config, ['network.patch=1', 'network.layers=6', 'batchSize=96'], folder, recipes);
  const owner = new Disposables();
  t.after(() => owner.dispose());
  const dataSets = await openRunData(loaded, owner);
  const plan = (recompute: 'auto' | 'on' | 'off', host: number) =>
    planStep(loaded, { ...runSettings(loaded.config), recompute }, 'cpu', dataSets, { host });
  const [off, on] = [await plan('off', 1e12), await plan('on', 1e12)];
  assert.ok(on.memory.need.host < off.memory.need.host, `${on.memory.need.host} of ${off.memory.need.host}`);
  const between = (on.memory.need.host + off.memory.need.host) / 2;
  assert.equal((await plan('auto', 1e12)).memory.recomputes, false);
  const tight = await plan('auto', between);
  assert.deepEqual([tight.memory.recomputes, tight.memory.verdict, tight.step.numbers.recompute], [true, 'fits', true]);
  const refused = (await plan('off', between)).memory;
  assert.match(memoryAdvice(refused)!, /recompute=auto would need less/);
});

/** Path of the configuration of a classifier of small images. */
function smallConfig(folder: string, steps: number): string {
  const data = writeIdxSet(folder);
  return writeConfig(folder, { recipe: 'classifier', data, device: 'cpu', threads: 1, batchSize: 8, steps });
}
