import type { Tree } from '../target.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A tree of text files. */
export function textTree(files: { readonly [name: string]: string }): Tree {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, encode(text)]));
}

const steps = Array.from({ length: 12 }, (_, step) => step);

export const csvTrees: readonly Tree[] = [
  textTree({
    'metrics.csv': `epoch,step,train/loss,val/loss\n${steps.map((step) => `${step >> 2},${step},${1 / (step + 1)},${step % 4 ? '' : 0.5}`).join('\n')}\n`,
  }),
  textTree({
    'progress.csv': `"loss/value",time/total_timesteps,name\r\n0.5,100,"a, b"\r\nnan,200,"say ""x"""\r\n-inf,300,\r\n`,
  }),
  textTree({ 'history.csv': 'epoch,accuracy,loss\n0,0.1,2.5\n1,0.2,NA\n0,0.15,"[1.0, 2.0]"\n' }),
  textTree({
    '0.monitor.csv': '#{"t_start": 1700000000.5, "env_id": "CartPole-v1"}\nr,l,t\n10.0,10,0.5\n22.0,22,1.25\n',
  }),
];

export const jsonlTrees: readonly Tree[] = [
  textTree({
    'metrics.jsonl': `${steps.map((step) => JSON.stringify({ step, loss: 1 / (step + 1), nested: { acc: step / 12 }, note: 'é' })).join('\n')}\n`,
  }),
  textTree({
    'progress.json':
      '{"loss": NaN, "epoch": 0}\n{"loss": -Infinity, "epoch": 1, "list": [1, 2]}\n{"loss": 1e-3, "epoch": 2}\n',
  }),
];

export const lightningTrees: readonly Tree[] = [
  textTree({
    'lightning_logs/version_0/metrics.csv': 'epoch,step,train_loss,val_loss\n0,9,0.5,\n0,9,,0.6\n1,19,0.4,\n',
    'lightning_logs/version_0/hparams.yaml': 'lr: 0.001\nlayers: [1, 2]\nnet: !!python/object:models.Net\n  width: 8\n',
  }),
];

export const hydraTrees: readonly Tree[] = [
  textTree({
    'outputs/2024-01-01/10-00-00/.hydra/config.yaml':
      'lr: 1e-4\nmodel:\n  name: cnn\n  size: \x24{lr}\nlist: [1, 2, \x24{model.name}]\nflag: yes\nmissing: ???\n',
    'outputs/2024-01-01/10-00-00/.hydra/hydra.yaml':
      'hydra:\n  job:\n    name: train\n    num: 3\n    chdir: null\n  mode: RUN\n  runtime:\n    cwd: /x\n    output_dir: /x/outputs\n    choices:\n      model: cnn\n  overrides:\n    task: [lr=1e-4]\n',
    'outputs/2024-01-01/10-00-00/.hydra/overrides.yaml': '- lr=1e-4\n- model=cnn\n',
    'outputs/2024-01-01/10-00-00/train.log':
      '[2024-01-01 10:00:00,123][__main__][INFO] - start\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\nRuntimeError: CUDA out of memory.\n',
  }),
];

export const registryTrees: readonly Tree[] = [
  textTree({
    'runs/experiment_registry.json': JSON.stringify({
      meta: { created_at: '2026-01-19T10:00:00', last_updated: '2026-01-19T11:00:00', job_id: '150995' },
      experiments: {
        one: {
          status: 'completed',
          result_file: 'runs/one.json',
          error_msg: null,
          exit_code: 0,
          started_at: '2026-01-19T10:00:00',
          completed_at: '2026-01-19T10:10:00',
          gpu: 0,
          metrics: { acc: 0.5 },
          retry_count: 0,
        },
        two: {
          status: 'failed',
          error_msg: 'CUDA out of memory',
          exit_code: 1,
          started_at: '2026-01-19T10:00:00',
          metrics: {},
          error_category: 'oom',
          retry_count: 2,
        },
      },
    }),
    'runs/one.json': '{"accuracy": 0.5, "losses": [1, 2, 3]}',
    'runs/one.log': 'epoch 1 loss 0.5\n',
  }),
];

export const slurmTrees: readonly Tree[] = [
  textTree({
    'slurm-150995.out':
      'start\r  1%|          | 1/100 [00:01<01:39]\rstep 1 loss=0.5\nslurmstepd: error: *** JOB 150995 ON n05 CANCELLED AT 2026-01-19T11:45:26 DUE TO TIME LIMIT ***\n',
    'train_150996.log': 'epoch 1\nTraceback (most recent call last):\n  File "t.py", line 3\nValueError: bad\n',
    'train_150996.err': 'slurmstepd: error: Detected 1 oom_kill event in StepId=150996.batch.\n',
    'slurm-77_3.out': 'done\n',
  }),
];

export const hfTrainerTrees: readonly Tree[] = [
  textTree({
    'out/checkpoint-20/trainer_state.json': JSON.stringify({
      global_step: 20,
      epoch: 2,
      max_steps: 40,
      best_metric: 0.5,
      best_model_checkpoint: 'out/checkpoint-10',
      is_world_process_zero: true,
      log_history: [
        { loss: 1.5, grad_norm: 2, learning_rate: 1e-4, epoch: 1, step: 10 },
        { eval_loss: 1, epoch: 1, step: 10 },
        { loss: 1, epoch: 2, step: 20 },
        { train_runtime: 3, step: 20 },
      ],
    }),
    'out/checkpoint-10/trainer_state.json':
      '{"global_step": 10, "epoch": 1.0, "log_history": [{"loss": NaN, "step": 10, "epoch": 1.0}]}',
  }),
];

export const dvcliveTrees: readonly Tree[] = [
  textTree({
    'dvclive/metrics.json': '{"step": 3, "train": {"loss": 0.5}, "acc": "nan"}',
    'dvclive/params.yaml': 'lr: 0.1\n',
    'dvclive/plots/metrics/train/loss.tsv': 'step\tloss\n0\t1.0\n1\t0.75\n2\tnan\n3\t0.5\n',
    'dvclive/plots/metrics/acc.tsv': 'timestamp\tstep\tacc\n1700000000000\t0\t0.5\n',
    'dvclive/plots/sklearn/pr.json': '[{"precision":1,"recall":0,"threshold":0.9}]',
  }),
];

export const mlflowTrees: readonly Tree[] = [
  textTree({
    'mlruns/1/meta.yaml':
      "artifact_location: file:///x/mlruns/1\nexperiment_id: '1'\nlifecycle_stage: active\nname: exp\n",
    'mlruns/1/26df4d45aa134dcaaef9e42ba1818e3d/meta.yaml':
      "artifact_uri: file:///x\nend_time: 1700000100000\nlifecycle_stage: active\nrun_id: 26df4d45aa134dcaaef9e42ba1818e3d\nrun_name: ''\nstart_time: 1700000000000\nstatus: 3\n",
    'mlruns/1/26df4d45aa134dcaaef9e42ba1818e3d/metrics/train/loss':
      '1700000000000 0.5 0\n1700000001000 nan 1\n1700000002000 0.25\n',
    'mlruns/1/26df4d45aa134dcaaef9e42ba1818e3d/params/lr': '0.1',
    'mlruns/1/26df4d45aa134dcaaef9e42ba1818e3d/tags/mlflow.runName': 'one',
  }),
];

export const experimentLogText =
  '# Log\n\n## Phase 1: start\n\n### 1.1: Base line\n\n**Status:** COMPLETED\n\n```bash\npython launcher.py model=cnn run_name=base\n```\n\n| run | loss |\n|---|---|\n| base | 0.5 |\n\n**Checkpoints:** `outputs/ckpts/cnn/last.pt`\n\n**Conclusion:** works\n\n### 1.2: Next\n\n**Status:** PENDING\n';
