import { drawingRecipes } from '../../domain/checkpointUse.ts';
import type { RunStatus, RunSummary } from '../../domain/run.ts';
import { isActive } from '../../domain/run.ts';
import { count, formatDuration, formatValue, sparkline } from '../ui/numbers.ts';
import type { GroupNode } from './model.ts';
import { loggedBy, loggedBySentence } from './sources.ts';

export interface StatusLook {
  /** A codicon, and the theme colour that it takes. */
  readonly icon: string;
  readonly color?: string;
  readonly word: string;
}

/** How each status looks. Colours are those of the theme for tests and charts, so that they fit dark, light and high contrast. */
export const statusLooks: { readonly [S in RunStatus]: StatusLook } = {
  queued: { icon: 'clock', color: 'descriptionForeground', word: 'Queued' },
  starting: { icon: 'loading~spin', color: 'charts.blue', word: 'Starting' },
  running: { icon: 'sync~spin', color: 'charts.blue', word: 'Running' },
  stopping: { icon: 'sync~spin', color: 'charts.orange', word: 'Stopping' },
  finished: { icon: 'pass', color: 'testing.iconPassed', word: 'Finished' },
  stopped: { icon: 'debug-stop', color: 'descriptionForeground', word: 'Stopped' },
  failed: { icon: 'error', color: 'testing.iconFailed', word: 'Failed' },
  killed: { icon: 'error', color: 'testing.iconFailed', word: 'Killed' },
  lost: { icon: 'warning', color: 'list.warningForeground', word: 'Lost' },
  unknown: { icon: 'question', color: 'descriptionForeground', word: 'Unknown' },
};

/** What stands behind the name: how far the run is, last value of the first metric, its course. Side bars are narrow, so what changes comes first. */
export function describeRun(run: RunSummary): string {
  const metric = run.metrics[0];
  const parts = [
    isFailure(run.status) ? shortened(causeOf(run.statusReason)) : describeProgress(run),
    metric === undefined ? '' : `${shortTag(metric.tag)} ${formatValue(metric.value)}`,
    sparkline(run.sparkline),
    loggedBy(run),
    run.archived ? 'archived' : '',
    run.labels.map((label) => `#${label}`).join(' '),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** Whether the run ended without anybody wanting it to. */
export function isFailure(status: RunStatus): boolean {
  return status === 'failed' || status === 'killed' || status === 'lost';
}

/** The cause without what the icon says and where it stood: side bars are narrow. */
function causeOf(reason: string): string {
  return reason.replace(/^Failed at step \d+: /, '');
}

/** The beginning of a sentence; the tooltip has it whole. */
function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/** The last part of a tag: "loss" of "train/loss". The tooltip has it whole. */
function shortTag(tag: string): string {
  return tag.slice(tag.lastIndexOf('/') + 1) || tag;
}

/** "45 %" while it runs, else what it does; '' once it has ended. */
export function describeProgress(run: RunSummary): string {
  if (!isActive(run.status)) return '';
  const fraction = progressFraction(run);
  if (fraction !== undefined) return `${Math.floor(fraction * 100)} %`;
  if (run.progress?.phase !== undefined) return run.progress.phase;
  return run.progress === undefined ? '' : `step ${run.progress.step}`;
}

/** How much is done, from 0 to 1, where the run says how much there is. */
export function progressFraction({ progress }: RunSummary): number | undefined {
  if (progress?.totalSteps === undefined || progress.totalSteps <= 0) return undefined;
  return Math.min(1, Math.max(0, progress.step / progress.totalSteps));
}

/** Seconds until the end by the run's own pace; undefined where it does not say. */
export function secondsLeft({ progress }: RunSummary): number | undefined {
  if (progress?.totalSteps === undefined || progress.secondsPerStep === undefined) return undefined;
  return Math.max(0, progress.totalSteps - progress.step) * progress.secondsPerStep;
}

/** What a screen reader says of a run. */
export function runSpeech(run: RunSummary): string {
  const metric = run.metrics[0];
  const left = isActive(run.status) ? secondsLeft(run) : undefined;
  return [
    run.name,
    statusLooks[run.status].word.toLowerCase(),
    describeProgress(run),
    left === undefined ? '' : `${formatDuration(left)} left`,
    run.source === 'trainyard' && run.alsoLoggedTo === undefined ? '' : loggedBySentence(run),
    metric === undefined ? '' : `${metric.tag} ${formatValue(metric.value)} at step ${metric.step}`,
    run.labels.length === 0 ? '' : `labels ${run.labels.join(', ')}`,
    run.archived ? 'archived' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** "12 runs". */
export function groupSpeech(group: GroupNode): string {
  return `${group.facts.title}, ${count(group.runs.length, 'run')}`;
}

/** Whether a run of a recipe came so far that there may be a checkpoint. */
function hasTrained({ source, recipe, progress, status }: RunSummary): boolean {
  return source === 'trainyard' && recipe !== undefined && (status === 'finished' || (progress?.step ?? 0) > 0);
}

/** Words for `when` clauses: what can be done with the run. */
export function runContext(run: RunSummary): string {
  const own = run.source === 'trainyard';
  const isOver = own && !isActive(run.status);
  const isElsewhere = run.target !== undefined && run.target !== 'local';
  const trained = hasTrained(run);
  const words: readonly (readonly [string, boolean])[] = [
    ['recipe', run.recipe !== undefined],
    ['trained', trained],
    ['drawing', trained && drawingRecipes.has(run.recipe ?? '')],
    ['profiled', run.profiled === true],
    ['stoppable', own && !isOver],
    ['resumable', isOver && (run.recipe === undefined || trained)],
    ['deletable', isOver && !isElsewhere],
    [run.archived ? 'archived' : 'current', true],
    ['several', (run.places ?? 1) > 1],
    ['elsewhere', isElsewhere],
    ['artifacts', run.source === 'wandb' || run.source === 'mlflow'],
  ];
  const said = words.filter(([, holds]) => holds).map(([word]) => word);
  return ['run', run.status, own ? 'own' : 'foreign', ...said].join(' ');
}
