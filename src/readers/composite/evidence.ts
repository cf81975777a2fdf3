import { type RunFacts, type StatusEvidence, statusEvidences } from '../../domain/records.ts';
import { isActive, type RunSource, type RunStatus } from '../../domain/run.ts';

/** What the logs of one run say of its status, each as it stands. */
export interface StatusWord {
  readonly source: RunSource;
  readonly facts: Pick<RunFacts, 'status' | 'statusReason' | 'statusEvidence' | 'endedAt'>;
}

/** What a log's word about an end rests on, where its reader does not say: whether the tool writes ends down. */
const endEvidence: { readonly [Source in RunSource]: StatusEvidence } = {
  trainyard: 'exit-record',
  wandb: 'exit-record',
  mlflow: 'exit-record',
  'experiment-hub': 'exit-record',
  registry: 'exit-record',
  slurm: 'slurm',
  hydra: 'traceback',
  'hf-trainer': 'last-write',
  dvclive: 'last-write',
  trackio: 'last-write',
  lightning: 'last-write',
  csv: 'last-write',
  jsonl: 'last-write',
  tensorboard: 'last-write',
};

const evidenceOfStatus: { readonly [Status in RunStatus]: 'end' | Exclude<StatusEvidence, 'exit-record'> } = {
  queued: 'heartbeat',
  starting: 'heartbeat',
  running: 'last-write',
  stopping: 'heartbeat',
  finished: 'end',
  stopped: 'end',
  failed: 'end',
  killed: 'end',
  lost: 'last-write',
  unknown: 'nothing',
};

/**
 * The word that is believed of several: the one with the strongest evidence (`statusEvidences`). Of equal ones, that somebody still writes beats that
 * nobody does, and else the first. Undefined where nobody says anything.
 */
export function strongest(words: readonly StatusWord[]): StatusWord | undefined {
  const said = words.filter(({ facts }) => facts.status !== undefined);
  const weight = ({ source, facts }: StatusWord) => {
    const order = statusEvidences.indexOf(facts.statusEvidence ?? assumed(source, facts.status!));
    return order * 2 + (isActive(facts.status!) ? 0 : 1);
  };
  return said.reduce<StatusWord | undefined>(
    (best, word) => (best === undefined || weight(word) < weight(best) ? word : best),
    undefined,
  );
}

function assumed(source: RunSource, status: RunStatus): StatusEvidence {
  const evidence = evidenceOfStatus[status];
  return evidence === 'end' ? endEvidence[source] : evidence;
}
