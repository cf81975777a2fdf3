import assert from 'node:assert/strict';
import test from 'node:test';
import { readCheckpointName } from '../../../../src/readers/index.ts';

/** What a name says, without what is absent. */
const said = (file: string, folder?: string): unknown => {
  const found = readCheckpointName(file, folder);
  if (found === undefined) return undefined;
  const { format, isLast, isBest, ...rest } = found;
  return { ...rest, ...(isLast ? { isLast } : {}), ...(isBest ? { isBest } : {}) };
};

test('Lightning writes counters and the figure that it watched', () => {
  const metric = (name: string, value: number): object => ({ metric: { name, value } });
  assert.deepEqual(said('epoch=3-step=120-val_loss=0.12.ckpt'), { step: 120, epoch: 3, ...metric('val_loss', 0.12) });
  assert.deepEqual(said('epoch=3-step=120-val_loss=0.12-v2.ckpt'), {
    step: 120,
    epoch: 3,
    ...metric('val_loss', 0.12),
  });
  assert.deepEqual(said('epoch=0-step=10.ckpt'), { step: 10, epoch: 0 });
  assert.deepEqual(said('epoch=07-val_loss=-1.5e-03.ckpt'), { epoch: 7, ...metric('val_loss', -0.0015) });
  assert.deepEqual(said('roc_auc=0.4922.ckpt', 'best-epoch=000-val'), {
    epoch: 0,
    isBest: true,
    ...metric('val/roc_auc', 0.4922),
  });
  assert.deepEqual(said('loss=1.0.ckpt', 'checkpoints'), metric('loss', 1));
});

test('names of other programs tell step, epoch, role and run', () => {
  assert.deepEqual(said('best.pt'), { isBest: true });
  assert.deepEqual(said('model_best.pth.tar'), { isBest: true });
  assert.deepEqual(said('checkpoint_best.pt'), { isBest: true });
  assert.deepEqual(said('model_final.pth'), { isLast: true });
  assert.deepEqual(said('latest.pth'), { isLast: true });
  assert.deepEqual(said('final_model.pt'), { isLast: true });
  assert.deepEqual(said('model_0004999.pth'), { step: 4999 });
  assert.deepEqual(said('rl_model_10000_steps.pt'), { step: 10000 });
  assert.deepEqual(said('iter_40000.pth'), { step: 40000 });
  assert.deepEqual(said('run7_epoch_0010.pt'), { epoch: 10, runName: 'run7' });
  assert.deepEqual(said('ckpt.pt'), {});
  assert.deepEqual(said('model.safetensors', 'checkpoint-500'), { step: 500 });
  assert.deepEqual(said('mp_rank_00_model_states.pt', 'global_step1200'), { step: 1200 });
});

test('files that lie beside checkpoints are none', () => {
  for (const name of [
    'optimizer.pt',
    'scheduler.pt',
    'rng_state_0.pth',
    'training_args.bin',
    'scaler.pt',
    'model-00001-of-00003.safetensors',
    'pytorch_model-00001-of-00002.bin',
    'train.bin',
    'tokens.bin',
    'last.pt.tmp',
    '.pt',
  ])
    assert.equal(said(name), undefined, name);
  assert.deepEqual(said('pytorch_model.bin'), {});
});
