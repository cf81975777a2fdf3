import type { RunSource, RunSummary } from '../../domain/run.ts';

export interface SourceLook {
  /** Name of the tracker for people. */
  readonly title: string;
  /** The same where there is little room. */
  readonly short: string;
  /** A codicon. */
  readonly icon: string;
}

/** How each kind of source is called and pictured. */
export const sourceLooks: { readonly [S in RunSource]: SourceLook } = {
  trainyard: { title: 'Trainyard', short: 'Trainyard', icon: 'rocket' },
  wandb: { title: 'Weights & Biases', short: 'W&B', icon: 'graph' },
  mlflow: { title: 'MLflow', short: 'MLflow', icon: 'beaker' },
  trackio: { title: 'Trackio', short: 'Trackio', icon: 'database' },
  'experiment-hub': { title: 'Experiment hub', short: 'Hub', icon: 'server' },
  registry: { title: 'Experiment registry', short: 'Registry', icon: 'json' },
  hydra: { title: 'Hydra output', short: 'Hydra', icon: 'folder-library' },
  'hf-trainer': { title: 'Hugging Face Trainer', short: 'HF Trainer', icon: 'hubot' },
  dvclive: { title: 'DVCLive', short: 'DVCLive', icon: 'pulse' },
  lightning: { title: 'Lightning logs', short: 'Lightning', icon: 'zap' },
  csv: { title: 'CSV logs', short: 'CSV', icon: 'table' },
  jsonl: { title: 'JSON lines', short: 'JSON lines', icon: 'bracket-dot' },
  slurm: { title: 'SLURM output', short: 'SLURM', icon: 'server-process' },
  tensorboard: { title: 'TensorBoard logs', short: 'TensorBoard', icon: 'graph-line' },
};

/** "W&B + CSV, TensorBoard": who logged the run. '' for a run of ours that nobody else logged, since that is the usual case. */
export function loggedBy({ source, alsoLoggedTo = [] }: Pick<RunSummary, 'source' | 'alsoLoggedTo'>): string {
  if (source === 'trainyard' && alsoLoggedTo.length === 0) return '';
  const others = alsoLoggedTo.map((other) => sourceLooks[other].short).join(', ');
  return others === '' ? sourceLooks[source].short : `${sourceLooks[source].short} + ${others}`;
}

/** "Weights & Biases, also logged to CSV, TensorBoard". */
export function loggedBySentence({ source, alsoLoggedTo = [] }: Pick<RunSummary, 'source' | 'alsoLoggedTo'>): string {
  const others = alsoLoggedTo.map((other) => sourceLooks[other].short).join(', ');
  return others === '' ? sourceLooks[source].title : `${sourceLooks[source].title}, also logged to ${others}`;
}
