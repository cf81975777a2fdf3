import type { Failure } from '../../domain/failure.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Json } from '../../domain/json.ts';
import { type FailureGroup, type Sweep, type Trial, type TrialState, trialStates } from '../../domain/sweep.ts';
import { describeAxis } from '../launch/sweepPlan.ts';
import { escapeMarkdown } from '../ui/markdown.ts';
import { count, formatValue } from '../ui/numbers.ts';

export interface SweepNode {
  readonly kind: 'sweep';
  readonly sweep: Sweep;
}

/** Trials of one state. */
export interface StateNode {
  readonly kind: 'state';
  readonly sweep: Sweep;
  readonly state: TrialState;
}

/** Failed trials that have the same cause. */
export interface FailureNode {
  readonly kind: 'failure';
  readonly sweep: Sweep;
  readonly group: FailureGroup;
}

export interface TrialNode {
  readonly kind: 'trial';
  readonly sweep: Sweep;
  readonly trial: Trial;
  /** Its latest run, so that a run's commands work on the row. */
  readonly runId?: RunId;
}

export type SweepsNode = SweepNode | StateNode | FailureNode | TrialNode;

/** How each state looks, in the order of the tree: what needs a person first. */
export const trialLooks: {
  readonly [S in TrialState]: { readonly icon: string; readonly color?: string; readonly word: string };
} = {
  failed: { icon: 'error', color: 'testing.iconFailed', word: 'failed' },
  missing: { icon: 'question', color: 'list.warningForeground', word: 'missing' },
  running: { icon: 'sync~spin', color: 'charts.blue', word: 'running' },
  waiting: { icon: 'clock', word: 'waiting' },
  done: { icon: 'pass', color: 'testing.iconPassed', word: 'done' },
};
const stateOrder = Object.keys(trialLooks) as readonly TrialState[];

/** Sweeps, the latest first. */
export function collectSweeps(sweeps: Iterable<Sweep>): readonly SweepNode[] {
  return [...sweeps].sort((a, b) => b.createdAt - a.createdAt).map((sweep) => ({ kind: 'sweep', sweep }));
}

export function sweepChildren(node: SweepsNode): readonly SweepsNode[] {
  switch (node.kind) {
    case 'sweep':
      return stateOrder
        .filter((state) => node.sweep.counts[state] > 0)
        .map((state) => ({ kind: 'state', sweep: node.sweep, state }));
    case 'state':
      return node.state === 'failed'
        ? failureNodes(node.sweep)
        : trialNodes(node.sweep, ({ state }) => state === node.state);
    case 'failure': {
      const trials = new Set(node.group.trials);
      return trialNodes(node.sweep, ({ index }) => trials.has(index));
    }
    case 'trial':
      return [];
  }
}

function failureNodes(sweep: Sweep): readonly SweepsNode[] {
  const groups = failureGroups(sweep);
  const known = new Set(groups.flatMap(({ trials }) => trials));
  return [
    ...groups.map((group) => ({ kind: 'failure', sweep, group }) as const),
    ...trialNodes(sweep, ({ state, index }) => state === 'failed' && !known.has(index)),
  ];
}

/** Failed trials by what their failures have in common, the largest group first. */
export function failureGroups({ trials }: Sweep): readonly FailureGroup[] {
  const groups = new Map<string, { failure: Failure; trials: number[] }>();
  for (const { failure, index, state } of trials) {
    if (failure === undefined || state !== 'failed') continue;
    const group = groups.get(failure.signature);
    if (group === undefined) groups.set(failure.signature, { failure, trials: [index] });
    else group.trials.push(index);
  }
  return [...groups.values()].sort((a, b) => b.trials.length - a.trials.length);
}

function trialNodes(sweep: Sweep, accepts: (trial: Trial) => boolean): readonly TrialNode[] {
  return sweep.trials.filter(accepts).map((trial) => {
    const runId = trial.runs.at(-1);
    return { kind: 'trial', sweep, trial, ...(runId === undefined ? {} : { runId }) };
  });
}

/** "12/20 done · 3 failed · paused". */
export function describeSweep({ counts, trials, paused, request }: Sweep): string {
  const total = Math.max(trials.length, request.search === 'grid' ? 0 : (request.trials ?? 0));
  const others = stateOrder.filter((state) => state !== 'done' && counts[state] > 0);
  const parts = [
    `${counts.done}/${total} done`,
    ...others.map((state) => `${counts[state]} ${trialLooks[state].word}`),
  ];
  return [...parts, paused ? 'paused' : ''].filter(Boolean).join(' · ');
}

/** The state that the sweep's icon shows. */
export function sweepState({ counts }: Sweep): TrialState {
  if (counts.running > 0) return 'running';
  return stateOrder.find((state) => counts[state] > 0) ?? 'waiting';
}

export function trialTitle({ overrides, index }: Trial): string {
  return overrides.length === 0 ? `trial ${index}` : overrides.join(' ');
}

/** "loss 0.12 · 2 runs · out of memory". */
export function describeTrial({ trial, sweep }: TrialNode): string {
  const { metric } = sweep.request;
  const value =
    trial.value === undefined ? '' : `${metric === undefined ? '' : `${metric} `}${formatValue(trial.value)}`;
  const runs = trial.runs.length > 1 ? count(trial.runs.length, 'run') : '';
  return [`#${trial.index}`, value, runs, trial.failure === undefined ? '' : trial.failure.kind]
    .filter(Boolean)
    .join(' · ');
}

/** "train.py:41", or '' where the failure names no place. */
export function failurePlace({ file, line }: Failure): string {
  if (file === undefined) return '';
  const name = file.replace(/.*[\\/]/, '');
  return line === undefined ? name : `${name}:${line}`;
}

/** Words for `when` clauses. */
export function sweepContext(sweep: Sweep): string {
  const { counts, paused, trials } = sweep;
  return [
    'sweep',
    counts.failed > 0 ? 'hasFailed' : '',
    counts.missing > 0 ? 'hasMissing' : '',
    trials.some(({ failure, state }) => state === 'failed' && isTimedOut(failure)) ? 'hasTimedOut' : '',
    paused ? 'paused' : isOver(sweep) ? 'over' : 'going',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Whether nothing runs, waits or is still to be made. */
function isOver({ counts, trials, request }: Sweep): boolean {
  const isMade = request.search === 'grid' || trials.length >= (request.trials ?? 0);
  return isMade && counts.running === 0 && counts.waiting === 0;
}

/** Ends that a run can go on from: it did nothing wrong. */
export function isTimedOut(failure: Failure | undefined): boolean {
  return failure?.kind === 'time-limit' || failure?.kind === 'pre-empted';
}

/** The edit that probably helps: half the batch for a run that was out of memory. Undefined where nothing is known to. */
export function suggestEdit(
  failure: Failure | undefined,
  leaves: readonly (readonly [string, Json])[],
): string | undefined {
  if (failure?.kind !== 'oom') return undefined;
  for (const [key, value] of leaves) {
    if (/(^|[._])batch_?size$/i.test(key) && typeof value === 'number' && value >= 2)
      return `${key}=${Math.floor(value / 2)}`;
  }
  return undefined;
}

/** The whole ledger as Markdown: what was expected, and what has become of it. */
export function ledgerMarkdown(sweep: Sweep): string {
  const { request } = sweep;
  const keys = [...new Set(sweep.trials.flatMap(({ overrides }) => overrides.map(keyOf)))];
  const head = ['#', 'State', ...keys, request.metric ?? 'Value', 'Runs', 'Failure'];
  const rows = sweep.trials.map((trial) => [
    String(trial.index),
    trialLooks[trial.state].word,
    ...keys.map((key) => valueBehind(trial, key)),
    trial.value === undefined ? '' : formatValue(trial.value),
    String(trial.runs.length),
    trial.failure === undefined ? '' : `${trial.failure.kind}: ${trial.failure.message}`,
  ]);
  const states = trialStates.map((state) => `${sweep.counts[state]} ${trialLooks[state].word}`).join(', ');
  return [
    `# ${escapeMarkdown(sweep.name)}`,
    `${escapeMarkdown(`${count(sweep.trials.length, 'trial')}: ${states}.`)}`,
    request.axes.map((axis) => `- ${escapeMarkdown(describeAxis(axis))}`).join('\n'),
    [line(head), line(head.map(() => '---')), ...rows.map((cells) => line(cells.map(escapeMarkdown)))].join('\n'),
    '',
  ].join('\n\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function keyOf(override: string): string {
  const at = override.indexOf('=');
  return at < 0 ? override : override.slice(0, at);
}

function valueBehind({ overrides }: Trial, key: string): string {
  const override = overrides.find((text) => keyOf(text) === key);
  return override === undefined ? '' : override.slice(key.length + 1);
}
