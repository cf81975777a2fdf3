import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import { isActive, type RunSummary } from '../../domain/run.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { App } from '../app.ts';
import { viewIds } from '../contributions.ts';
import { demandTrust } from '../folders.ts';
import { textArgument } from './arguments.ts';
import { chooseRun, chooseRuns } from './chooseRuns.ts';
import { ownCheckpoints, pickCheckpointOf } from './pickCheckpoint.ts';
import { openConsole } from './sourceCommands.ts';

type Args = readonly unknown[];

const isOwn = (run: RunSummary): boolean => run.source === 'trainyard';
const isProfiled = (run: RunSummary): boolean => isOwn(run) && run.profiled === true;
const canStop = (run: RunSummary): boolean => isOwn(run) && isActive(run.status);
const canResume = (run: RunSummary): boolean => isOwn(run) && !isActive(run.status);

/** Asks runs to end after their present block, keeping a checkpoint. */
export async function stop(app: App, ...args: Args): Promise<void> {
  demandTrust();
  const refusal = 'only runs that Trainyard started and that have not ended can be stopped.';
  const runs = await chooseRuns(app, args, { title: 'Stop', accepts: canStop, refusal, many: true });
  if (runs.length === 0) return;
  await inRunsView(() => Promise.all(runs.map(({ id }) => app.worker.call('runs.stop', { runId: id }))));
}

/** Ends runs at once, after a question: steps since the last checkpoint are lost. */
export async function forceStop(app: App, ...args: Args): Promise<void> {
  demandTrust();
  const refusal = 'it has ended already.';
  const runs = await chooseRuns(app, args, { title: 'Force Stop', accepts: canStop, refusal, many: true });
  if (runs.length === 0) return;
  const what = runs.length === 1 ? runs[0]!.name : `${runs.length} runs`;
  const detail = 'The process is ended at once. Steps since the last checkpoint are lost.';
  const answer = await vscode.window.showWarningMessage(
    `Force ${what} to stop?`,
    { modal: true, detail },
    'Force Stop',
  );
  if (answer !== 'Force Stop') return;
  await inRunsView(() => Promise.all(runs.map(({ id }) => app.worker.call('runs.stop', { runId: id, force: true }))));
}

/** Goes on from a checkpoint, as a new run. Called with a row of the Checkpoints view, it takes that one. */
export async function resume(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const refusal = 'only runs of Trainyard that have ended can go on.';
  const run = await chooseRun(app, args, { title: 'Resume From Checkpoint', accepts: canResume, refusal });
  if (run === undefined) return undefined;
  const checkpoint = checkpointOf(args) ?? (await pickCheckpoint(app, run));
  if (checkpoint === undefined) return undefined;
  const request = { runId: run.id, checkpoint, requestId: crypto.randomUUID() };
  const started = await inRunsView(() => app.worker.call('runs.resume', request));
  void app.runs.revealNew(started.runId).catch(() => undefined);
  return started.runId;
}

function checkpointOf(args: Args): string | undefined {
  const row = args[0] as { checkpoint?: { path?: unknown } } | undefined;
  const path = typeof row === 'object' && row !== null ? row.checkpoint?.path : undefined;
  return typeof path === 'string' ? path : textArgument(args);
}

async function pickCheckpoint(app: App, run: RunSummary): Promise<string | undefined> {
  const own = (await ownCheckpoints(app, run)).filter(({ resumable }) => resumable);
  if (own.length === 0) {
    throw new AppError('not-found', `${run.name} has no checkpoint to go on from.`, {
      hint: 'Use "Run Again With Changes" instead.',
    });
  }
  return await pickCheckpointOf(own, `Resume ${run.name}`, 'Checkpoint to go on from');
}

/** Gives a run another name in lists; its files keep theirs. */
export async function rename(app: App, ...args: Args): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Rename' });
  if (run === undefined) return;
  const name =
    textArgument(args) ??
    (await vscode.window.showInputBox({
      title: `Rename ${run.name}`,
      prompt: 'Name in lists and charts. The directory keeps its own.',
      value: run.name,
      validateInput: (text) => (text.trim() === '' ? 'Give the run a name.' : undefined),
    }));
  if (name === undefined || name.trim() === run.name) return;
  await app.worker.call('runs.update', { runId: run.id, name: name.trim() });
}

/** Sets labels by which runs are found again. */
export async function tag(app: App, ...args: Args): Promise<void> {
  const runs = await chooseRuns(app, args, { title: 'Tag', many: true });
  if (runs.length === 0) return;
  const labels = labelsArgument(args) ?? (await askForLabels(app, runs));
  if (labels === undefined) return;
  await Promise.all(runs.map(({ id }) => app.worker.call('runs.update', { runId: id, labels })));
}

function labelsArgument(args: Args): readonly string[] | undefined {
  const [first, second] = args;
  const scripted = typeof first === 'string' && Array.isArray(second) && second.every((one) => typeof one === 'string');
  return scripted ? (second as string[]) : undefined;
}

async function askForLabels(app: App, runs: readonly RunSummary[]): Promise<readonly string[] | undefined> {
  const common = runs.map(({ labels }) => labels).reduce((a, b) => a.filter((label) => b.includes(label)));
  const known = [...new Set([...app.feed.runs.values()].flatMap(({ labels }) => labels))].sort();
  const text = await vscode.window.showInputBox({
    title: runs.length === 1 ? `Tags of ${runs[0]!.name}` : `Tags of ${runs.length} runs`,
    prompt:
      known.length === 0
        ? 'Words, separated by commas'
        : `Words, separated by commas. In use: ${known.slice(0, 12).join(', ')}`,
    value: common.join(', '),
  });
  if (text === undefined) return undefined;
  return [
    ...new Set(
      text
        .split(',')
        .map((label) => label.trim())
        .filter((label) => label !== ''),
    ),
  ];
}

/** Takes runs out of the list; nothing is deleted. */
export async function archive(app: App, ...args: Args): Promise<void> {
  const runs = await chooseRuns(app, args, {
    title: 'Archive',
    accepts: ({ archived }) => !archived,
    refusal: 'it is archived already.',
    many: true,
  });
  await Promise.all(runs.map(({ id }) => app.worker.call('runs.update', { runId: id, archived: true })));
}

/** Puts archived runs back into the list. */
export async function unarchive(app: App, ...args: Args): Promise<void> {
  const runs = await chooseRuns(app, args, {
    title: 'Take Out of the Archive',
    accepts: ({ archived }) => archived,
    refusal: 'it is not archived.',
    many: true,
  });
  await Promise.all(runs.map(({ id }) => app.worker.call('runs.update', { runId: id, archived: false })));
}

export async function copyRunId(app: App, ...args: Args): Promise<void> {
  const runs = await chooseRuns(app, args, { title: 'Copy Run Id', many: true });
  if (runs.length === 0) return;
  await vscode.env.clipboard.writeText(runs.map(({ id }) => id).join('\n'));
  vscode.window.setStatusBarMessage(
    runs.length === 1 ? `Id of ${runs[0]!.name} copied` : `${runs.length} ids copied`,
    3000,
  );
}

/** Shows the run's directory: in the Explorer where it lies in the workspace, else in the system's file manager. */
export async function revealRun(app: App, ...args: Args): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Reveal Run Directory' });
  if (run === undefined) return;
  const uri = vscode.Uri.file(run.path);
  const inWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(inWorkspace ? 'revealInExplorer' : 'revealFileInOS', uri);
}

/** Opens the page that says where the time of a step goes, which a run writes that was launched with `profile: true`. */
export async function openProfile(app: App, ...args: Args): Promise<void> {
  const refusal = 'it was not profiled. Launch its recipe with profile set to true.';
  const run = await chooseRun(app, args, { title: 'Open Profile', accepts: isProfiled, refusal });
  if (run === undefined) return;
  const page = vscode.Uri.joinPath(vscode.Uri.file(run.path), runFiles.profile);
  const isThere = await vscode.workspace.fs.stat(page).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    throw new AppError('not-found', `${run.name} has no profile yet.`, {
      hint: 'It is measured before the first step; the log of the run says whether something went wrong.',
    });
  }
  await vscode.commands.executeCommand('markdown.showPreview', page);
}

export async function showLog(app: App, ...args: Args): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Show Log' });
  if (run === undefined) return;
  // What a run of another tool printed is where that tool keeps it.
  if (isOwn(run)) await app.logs.show(run);
  else await openConsole(app, run.id);
}

export async function showMetrics(app: App, ...args: Args): Promise<void> {
  await showPanel(app, 'metrics', args);
}

export async function showSamples(app: App, ...args: Args): Promise<void> {
  await showPanel(app, 'samples', args);
}

/** Runs that were named or selected; without any, those in progress, else the newest one. */
async function showPanel(app: App, kind: 'metrics' | 'samples', args: Args): Promise<void> {
  await app.feed.load();
  const all = [...app.feed.runs.values()];
  const active = all.filter(({ status }) => isActive(status) && status !== 'queued');
  const newest = all.sort((a, b) => b.createdAt - a.createdAt).slice(0, 1);
  const named = args.length > 0 || app.runs.selection.length > 0;
  const runs = named ? await chooseRuns(app, args, { title: 'Show', many: true }) : active.length > 0 ? active : newest;
  app.panels.show(
    kind,
    runs.map(({ id }) => id),
  );
}

/** Shows progress in the Runs view while something is under way. */
export function inRunsView<T>(task: () => Promise<T>): Promise<T> {
  return Promise.resolve(vscode.window.withProgress({ location: { viewId: viewIds.runs } }, task));
}
