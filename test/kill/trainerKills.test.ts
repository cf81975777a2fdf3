import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder, writeConfig, writeIdxSet } from '../unit/trainer/support.ts';
import { checkpointBits, hasCheckpoint, startTraining, trainToEnd } from '../unit/trainer/trainProcess.ts';

/** TRAINYARD_TRAINER_KILLS makes it longer (npm run test:kill). */
const killsWanted = Number(process.env['TRAINYARD_TRAINER_KILLS'] ?? 6);

const common = { batchSize: 8, device: 'cpu', steps: 72, stepsPerRun: 7, checkpointEvery: 9, sampleEvery: 40 };

/** Real runs, between them with all that a state can hold: moments, matrices of Muon, averaged weights, a scaled loss, parts of a batch. */
const configurations = {
  'MeanFlow with AdamW': {
    ...common,
    recipe: 'meanflow',
    network: { kind: 'dit', width: 16, layers: 1, heads: 2, patch: 4 },
    samples: { count: 4 },
    threads: 1,
  },
  'a classifier in fp16 with Muon, in parts of a batch, on two threads': {
    ...common,
    recipe: 'classifier',
    network: { kind: 'cnn', width: 8 },
    precision: 'fp16',
    accumulate: 2,
    optimizer: { kind: 'muon', decayGroups: '*bias=0.01', weightDecay: 0.1 },
    threads: 2,
  },
};

const share = Math.ceil(killsWanted / Object.keys(configurations).length);

for (const [name, configuration] of Object.entries(configurations)) {
  test(`${name}: killed ${share} times at random moments, runs end with the bits of an undisturbed one`, async (t) => {
    const folder = temporaryFolder(t);
    const config = writeConfig(folder, { ...configuration, data: writeIdxSet(folder) });
    const startedAt = performance.now();
    const whole = await trainToEnd(folder, [config, 'name=whole']);
    const duration = performance.now() - startedAt;
    assert.equal(whole.code, 0, whole.errors);
    const expected = stateHash(path.join(folder, 'runs/whole'));
    let kills = 0;
    let runs = 0;
    for (; kills < share; runs++) {
      const args = [config, `name=run-${runs}`, 'resume=last'];
      const run = path.join(folder, `runs/run-${runs}`);
      mkdirSync(run, { recursive: true });
      kills += await killUntilFinished(folder, args, run, duration, share - kills);
      assert.equal(stateHash(run), expected, `run ${runs}, after ${kills} kills`);
    }
    t.diagnostic(`${kills} kills in ${runs} runs`);
  });
}

/** Starts, kills at a random moment and starts again until the run has ended or was killed `most` times; then lets it end. Gives the number of kills. */
async function killUntilFinished(
  folder: string,
  args: readonly string[],
  run: string,
  duration: number,
  most: number,
): Promise<number> {
  let kills = 0;
  while (kills < most) {
    const training = startTraining(folder, args);
    // Any moment: while it starts, loads, builds the model, trains, saves, draws samples or writes its last words.
    const over = await Promise.race([training.ended, delay(Math.random() * duration, undefined)]);
    if (over === undefined) training.child.kill('SIGKILL');
    const { code, errors } = await training.ended;
    if (code === 0) return kills;
    assert.equal(code, null, errors);
    kills += 1;
    checkFiles(run);
  }
  const last = await trainToEnd(folder, args);
  assert.equal(last.code, 0, last.errors);
  return kills;
}

/** Whatever moment it was: every checkpoint that has its name is whole. */
function checkFiles(run: string): void {
  if (!hasCheckpoint(run)) return;
  const names = readdirSync(path.join(run, 'checkpoints')).filter((name) => !name.startsWith('.'));
  for (const name of names) checkpointBits(run, name);
}

/** SHA-256 over every tensor of the last checkpoint, by name: parameters, the optimizer's vectors, averages, step, place in the data, scale of the loss. */
function stateHash(run: string): string {
  const hash = createHash('sha256');
  for (const [name, bits] of Object.entries(checkpointBits(run)).sort()) hash.update(`${name} ${bits}\n`);
  return hash.digest('hex');
}
