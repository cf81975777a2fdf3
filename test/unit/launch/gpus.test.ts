import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { GpuWatch, queryGpus } from '../../../src/launch/local/gpus.ts';
import { parseNvidiaGpus, parseRocmGpus } from '../../../src/launch/local/gpuText.ts';
import { JobFolder, text } from './jobs.ts';
import { StandInNvidiaSmi } from './standInGpus.ts';

let standIn: StandInNvidiaSmi | undefined;
afterEach(() => {
  standIn?.end();
  standIn = undefined;
});

const two = [
  '0, GPU-5a7d0d5e-11aa-0000-0000-000000000000, NVIDIA H100 80GB HBM3, 81559, 1245, 97, 61, Disabled',
  '1, GPU-6b7d0d5e-11aa-0000-0000-000000000000, NVIDIA H100 80GB HBM3, 81559, 3, 0, 33, Disabled',
  '',
].join('\n');

test('GPUs are read from the real call of a program named nvidia-smi', async () => {
  standIn = new StandInNvidiaSmi(two);
  const gpus = await queryGpus();
  assert.deepEqual(gpus[0], {
    id: '0',
    vendor: 'nvidia',
    name: 'NVIDIA H100 80GB HBM3',
    uuid: 'GPU-5a7d0d5e-11aa-0000-0000-000000000000',
    totalMiB: 81_559,
    usedMiB: 1_245,
    utilization: 97,
    temperature: 61,
  });
  assert.equal(gpus[1]?.id, '1');
});

test('fields that a driver does not know, names with commas, warnings and half lines do no harm', () => {
  const odd = [
    'WARNING: infoROM is corrupted at gpu 0000:5E:00.0',
    '0, GPU-a, Quadro, Special Edition, 16384, [N/A], [Not Supported], ERR!',
    '1, GPU-b, NVIDIA GB10, [N/A], [N/A], 3, 40, [N/A]',
    '2, GPU-c, cut',
    'Failed to initialize NVML: Driver/library version mismatch',
  ].join('\r\n');
  assert.deepEqual(
    parseNvidiaGpus(odd).map(({ gpu: { id, name, totalMiB, usedMiB, temperature }, isSliced }) => [
      id,
      name,
      totalMiB,
      usedMiB,
      temperature,
      isSliced,
    ]),
    [
      ['0', 'Quadro, Special Edition', 16_384, undefined, undefined, false],
      ['1', 'NVIDIA GB10', undefined, undefined, 40, false],
      ['2', 'cut', undefined, undefined, undefined, false],
    ],
  );
});

test('a sliced GPU is its slices, by their UUIDs', async () => {
  standIn = new StandInNvidiaSmi(
    '0, GPU-x, NVIDIA A100-SXM4-40GB, 40960, 300, [N/A], 30, Enabled\n1, GPU-y, NVIDIA A100-SXM4-40GB, 40960, 0, 0, 31, Disabled\n',
    [
      'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-x)',
      '  MIG 3g.20gb     Device  0: (UUID: MIG-11111111-0000)',
      '  MIG 1g.5gb      Device  1: (UUID: MIG-22222222-0000)',
      'GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-y)',
    ].join('\n'),
  );
  assert.deepEqual(
    (await queryGpus()).map(({ id, name }) => [id, name]),
    [
      ['MIG-11111111-0000', 'NVIDIA A100-SXM4-40GB MIG 3g.20gb'],
      ['MIG-22222222-0000', 'NVIDIA A100-SXM4-40GB MIG 1g.5gb'],
      ['1', 'NVIDIA A100-SXM4-40GB'],
    ],
  );
});

test('rocm-smi in JSON gives cards; anything else gives none', () => {
  const json = JSON.stringify({
    card0: {
      'Card series': 'AMD Instinct MI250X',
      'VRAM Total Memory (B)': '68702699520',
      'VRAM Total Used Memory (B)': '10960896',
      'GPU use (%)': '7',
      'Temperature (Sensor edge) (C)': '35.0',
    },
    system: { 'Driver version': '6.2' },
  });
  assert.deepEqual(parseRocmGpus(`WARNING: low power\n${json}`), [
    {
      id: '0',
      vendor: 'amd',
      name: 'AMD Instinct MI250X',
      totalMiB: 65_520,
      usedMiB: 10,
      utilization: 7,
      temperature: 35,
    },
  ]);
  assert.deepEqual(parseRocmGpus('no'), []);
  assert.deepEqual(parseRocmGpus('{"card0": 3}'), []);
});

test('a machine without GPUs has none, and many questions at once are one look', async () => {
  let looks = 0;
  const watch = new GpuWatch(async () => {
    looks++;
    await delay(20);
    return [];
  });
  assert.equal(watch.known(0), undefined);
  watch.known(0);
  await watch.look();
  assert.deepEqual([watch.known(0), looks], [[], 1]);
  watch.dispose();
});

test('a job sees the GPUs that it was given and no others', async () => {
  const folder = new JobFolder();
  const print = 'const e = process.env; console.log(JSON.stringify([e.CUDA_DEVICE_ORDER, e.CUDA_VISIBLE_DEVICES]))';
  try {
    const given = folder.job('given', print);
    await folder.target.start({ ...given, assigned: ['0', '3'] });
    assert.equal(await text(given, 'output.log'), '["PCI_BUS_ID","0,3"]\n');
    const none = folder.job('none', print);
    await folder.target.start({ ...none, assigned: [] });
    assert.equal(await text(none, 'output.log'), '["PCI_BUS_ID",""]\n');
  } finally {
    folder.end();
  }
});
