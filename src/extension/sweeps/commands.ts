import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import { flatten } from '../../domain/config.ts';
import type { Failure } from '../../domain/failure.ts';
import type { RunId } from '../../domain/ids.ts';
import type { Sweep, Trial } from '../../domain/sweep.ts';
import type { App } from '../app.ts';
import { demandTrust } from '../folders.ts';
import { joinArguments, splitArguments } from '../launch/argv.ts';
import { parseHydra } from '../launch/hydraGrammar.ts';
import { count } from '../ui/numbers.ts';
import { describeSweep, failureGroups, isTimedOut, ledgerMarkdown, type SweepsNode, suggestEdit } from './model.ts';

type Args = readonly unknown[];
type Which = 'failed' | 'missing' | 'timed-out' | readonly number[];

export async function relaunchFailed(app: App, ...args: Args): Promise<void> {
  await relaunch(app, args, 'failed', ({ counts }) => counts.failed > 0);
}

export async function fillMissing(app: App, ...args: Args): Promise<void> {
  await relaunch(app, args, 'missing', ({ counts }) => counts.missing > 0);
}

export async function resumeTimedOut(app: App, ...args: Args): Promise<void> {
  await relaunch(app, args, 'timed-out', ({ trials }) => trials.some(({ failure }) => isTimedOut(failure)));
}

/** Launches failed trials again with overrides that come last: those of the failure or trial of the row, else all that failed. */
export async function relaunchWithEdit(app: App, ...args: Args): Promise<void> {
  demandTrust();
  const sweep = await chooseSweep(app, args, ({ counts }) => counts.failed > 0, 'Relaunch With Edit');
  if (sweep === undefined) return;
  const group = await chooseFailure(sweep, args[0]);
  if (group === undefined) return;
  const edits = editsArgument(args) ?? (await askForEdits(app, sweep, group));
  if (edits !== undefined) await start(app, sweep, group.trials, edits);
}

export async function pauseSweep(app: App, ...args: Args): Promise<void> {
  await setPaused(app, args, true);
}

export async function continueSweep(app: App, ...args: Args): Promise<void> {
  demandTrust();
  await setPaused(app, args, false);
}

/** Shows every trial with its state, value and failure as a table, which follows the sweep while it is open. */
export async function openLedger(app: App, ...args: Args): Promise<void> {
  const sweep = await chooseSweep(app, args, () => true, 'Open Ledger');
  if (sweep === undefined) return;
  const parts = await app.launching.parts();
  parts.followLedger(sweep.id);
  await app.documents.showMarkdown(ledgerName(sweep), ledgerMarkdown(sweep));
}

export function ledgerName({ name, id }: Pick<Sweep, 'name' | 'id'>): string {
  return `${name} ledger ${id.slice(-6)}.md`.replaceAll('/', '∕');
}

/** Shows a new sweep in its view. */
export async function revealSweep(app: App, sweep: Sweep): Promise<void> {
  const parts = await app.launching.parts();
  parts.takeSweep(sweep);
  await parts.showSweeps();
}

async function relaunch(app: App, args: Args, which: Which, accepts: (sweep: Sweep) => boolean): Promise<void> {
  demandTrust();
  const node = nodeOf(args);
  const sweep = await chooseSweep(app, args, accepts, 'Launch Again');
  if (sweep === undefined) return;
  const narrowed = node?.kind === 'failure' ? node.group.trials : node?.kind === 'trial' ? [node.trial.index] : which;
  await start(app, sweep, narrowed, []);
}

async function start(app: App, sweep: Sweep, which: Which, edits: readonly string[]): Promise<void> {
  const answer = await app.worker.call('sweeps.relaunch', {
    sweepId: sweep.id,
    which,
    ...(edits.length === 0 ? {} : { edits }),
    requestId: crypto.randomUUID(),
  });
  const parts = await app.launching.parts();
  parts.takeSweep(answer.sweep);
  vscode.window.setStatusBarMessage(`${count(answer.started, 'trial')} of ${sweep.name} launched again`, 5000);
}

async function setPaused(app: App, args: Args, paused: boolean): Promise<void> {
  const sweep = await chooseSweep(app, args, (one) => one.paused !== paused, paused ? 'Pause Sweep' : 'Continue Sweep');
  if (sweep === undefined) return;
  const answer = await app.worker.call('sweeps.pause', { sweepId: sweep.id, paused });
  const parts = await app.launching.parts();
  parts.takeSweep(answer.sweep);
}

/** The sweep of the row or id that was given, else the only one that fits, else the one that the person picks. */
async function chooseSweep(
  app: App,
  args: Args,
  accepts: (sweep: Sweep) => boolean,
  title: string,
): Promise<Sweep | undefined> {
  const parts = await app.launching.parts();
  const sweeps = [...(await parts.sweeps()).values()];
  const id = nodeOf(args)?.sweep.id ?? (typeof args[0] === 'string' ? args[0] : undefined);
  if (id !== undefined) {
    const sweep = sweeps.find((one) => one.id === id);
    if (sweep === undefined) throw new AppError('not-found', 'That sweep is not there any more.');
    if (!accepts(sweep))
      throw new AppError('conflict', `${sweep.name}: ${describeSweep(sweep)}. There is nothing to do.`);
    return sweep;
  }
  const fitting = sweeps.filter(accepts).sort((a, b) => b.createdAt - a.createdAt);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage('No sweep fits.');
    return undefined;
  }
  if (fitting.length === 1) return fitting[0];
  const items = fitting.map((sweep) => ({ label: sweep.name, description: describeSweep(sweep), sweep }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Sweep' }))?.sweep;
}

function nodeOf([first]: Args): SweepsNode | undefined {
  const isNode = typeof first === 'object' && first !== null && 'sweep' in first && 'kind' in first;
  return isNode ? (first as SweepsNode) : undefined;
}

interface FailedTrials {
  readonly trials: readonly number[];
  readonly failure?: Failure;
}

/** The failure of the row, or the one that the person picks where the sweep has several. */
async function chooseFailure(sweep: Sweep, row: unknown): Promise<FailedTrials | undefined> {
  const node = nodeOf([row]);
  if (node?.kind === 'failure') return node.group;
  if (node?.kind === 'trial') return { trials: [node.trial.index], ...failureOf(node.trial) };
  const groups = failureGroups(sweep);
  const all = sweep.trials.filter(({ state }) => state === 'failed').map(({ index }) => index);
  if (groups.length === 0) return { trials: all };
  if (groups.length === 1 && groups[0]!.trials.length === all.length) return groups[0];
  const items: (vscode.QuickPickItem & { readonly group: FailedTrials })[] = [
    ...groups.map((group) => ({
      label: group.failure.message,
      description: count(group.trials.length, 'trial'),
      group,
    })),
    { label: 'All that failed', description: count(all.length, 'trial'), group: { trials: all } },
  ];
  const title = 'Relaunch With Edit';
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Which failure' }))?.group;
}

function failureOf({ failure }: Trial): { failure?: Failure } {
  return failure === undefined ? {} : { failure };
}

function editsArgument([first, second]: Args): readonly string[] | undefined {
  const scripted = typeof first === 'string' && Array.isArray(second) && second.every((one) => typeof one === 'string');
  return scripted ? (second as string[]) : undefined;
}

async function askForEdits(app: App, sweep: Sweep, group: FailedTrials): Promise<readonly string[] | undefined> {
  const suggested = await suggestionFor(app, sweep, group);
  const text = await vscode.window.showInputBox({
    title: `Relaunch ${count(group.trials.length, 'trial')} of ${sweep.name}`,
    prompt: `Overrides that come last, separated by blanks.${group.failure === undefined ? '' : ` They failed by: ${group.failure.message}`}`,
    placeHolder: 'data.batch_size=16',
    value: suggested ?? '',
    ignoreFocusOut: true,
    validateInput: editsProblem,
  });
  const split = text === undefined ? undefined : splitArguments(text);
  return split === undefined || 'message' in split ? undefined : split.args;
}

function editsProblem(text: string): string | undefined {
  const split = splitArguments(text);
  if ('message' in split) return split.message;
  if (split.args.length === 0) return 'Type at least one override, for instance data.batch_size=16.';
  for (const arg of split.args) {
    const parsed = arg.startsWith('-') ? undefined : parseHydra(arg);
    if (parsed !== undefined && 'message' in parsed) return parsed.message;
  }
  return undefined;
}

/** The likely edit, from the configuration of one of the failed runs. */
async function suggestionFor(app: App, sweep: Sweep, { trials, failure }: FailedTrials): Promise<string | undefined> {
  const runId: RunId | undefined = sweep.trials.find(({ index }) => index === trials[0])?.runs.at(-1);
  if (runId === undefined || failure?.kind !== 'oom') return undefined;
  const detail = await app.worker.call('runs.get', { runId }).catch(() => undefined);
  const edit = detail === undefined ? undefined : suggestEdit(failure, flatten(detail.config));
  return edit === undefined ? undefined : joinArguments([edit]);
}
