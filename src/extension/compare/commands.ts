import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { Failure } from '../../domain/failure.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { chooseRun, chooseRuns } from '../commands/chooseRuns.ts';
import { commandIds } from '../contributions.ts';
import { demandTrust, diskFolders } from '../folders.ts';
import { joinArguments } from '../launch/argv.ts';
import { describeRun, statusLooks } from '../runs/present.ts';
import { type Comparison, showComparison } from './documents.ts';

type Args = readonly unknown[];

/** Shows what differs between two runs: the two that are selected, or one and another that the person picks. */
export async function compareRuns(app: App, ...args: Args): Promise<void> {
  const runs = await chooseRuns(app, args, { title: 'Diff With…', many: true });
  const [left] = runs;
  if (left === undefined) return;
  const right = runs[1] ?? (await pickOther(app, left));
  if (right === undefined) return;
  // The older run stands on the left, where editors show what was.
  const [older, newer] = left.createdAt <= right.createdAt ? [left, right] : [right, left];
  const what = comparisonArgument(args) ?? (await pickComparison(older, newer));
  if (what !== undefined) await showComparison(app, older, newer, what);
}

/** Launches the run again from its commit, patch and configuration, in a worktree of its own. */
export async function reproduce(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const run = await chooseRun(app, args, {
    title: 'Reproduce This Run',
    accepts: ({ source }) => source === 'trainyard',
    refusal: 'Trainyard did not launch it, so its code and command are not known.',
  });
  if (run === undefined) return undefined;
  const request = { runId: run.id, requestId: crypto.randomUUID() };
  const progress = { location: vscode.ProgressLocation.Notification, title: `Reproducing ${run.name}` };
  const started = await vscode.window.withProgress(progress, () => app.worker.call('runs.reproduce', request));
  void app.runs.revealNew(started.runId).catch(() => undefined);
  vscode.window.setStatusBarMessage(`${run.name} runs again in ${started.worktree}`, 8000);
  return started.runId;
}

/** Copies the command of a run, quoted for a POSIX shell, with its folder before it. */
export async function copyCommandLine(app: App, ...args: Args): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Copy Command Line' });
  if (run === undefined) return;
  const { command, cwd } = await app.worker.call('runs.get', { runId: run.id });
  if (command === undefined) {
    throw new AppError('not-found', `${run.name} does not say by which command it was started.`);
  }
  const line = joinArguments(command);
  await vscode.env.clipboard.writeText(cwd === undefined ? line : `cd ${joinArguments([cwd])} && ${line}`);
  vscode.window.setStatusBarMessage(`Command of ${run.name} copied`, 3000);
}

/** Opens the place in the code where a run failed. Called with a failure (`{ failure, folder }`) or a run. */
export async function openFailure(app: App, ...args: Args): Promise<void> {
  const given = failureArgument(args[0]);
  const found = given ?? (await failureOfRun(app, args));
  if (found === undefined) return;
  const { failure, folder, run } = found;
  if (failure.file === undefined) {
    void tellFailure(failure, run);
    return;
  }
  const uri = await placeOf(failure.file, folder);
  const line = Math.max(0, (failure.line ?? 1) - 1);
  const editor = await vscode.window.showTextDocument(uri, {
    selection: new vscode.Range(line, 0, line, 0),
    preview: true,
  });
  editor.revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.InCenter);
  vscode.window.setStatusBarMessage(`$(bug) ${failure.message}`, 10_000);
}

/** A failure without a place in the code: what it was and what to do, with the ways on. */
async function tellFailure({ message, hint }: Failure, run: RunSummary | undefined): Promise<void> {
  const text = hint === undefined ? `${message} (The output names no place in the code.)` : `${message} ${hint}`;
  if (run === undefined) return void vscode.window.showInformationMessage(text);
  const chosen = await vscode.window.showInformationMessage(`${run.name}: ${text}`, 'Run Again', 'Log');
  if (chosen === 'Run Again') await vscode.commands.executeCommand(commandIds.runAgain, run.id);
  if (chosen === 'Log') await vscode.commands.executeCommand(commandIds.showLog, run.id);
}

interface FoundFailure {
  readonly failure: Failure;
  readonly folder: string;
  /** Absent for a group of failures. */
  readonly run?: RunSummary;
}

async function failureOfRun(app: App, args: Args): Promise<FoundFailure | undefined> {
  const run = await chooseRun(app, args, {
    title: 'Open Failure',
    accepts: ({ status }) => status === 'failed' || status === 'killed' || status === 'lost',
    refusal: 'it did not fail.',
  });
  if (run === undefined) return undefined;
  const failure = (await failureInQueue(app, run)) ?? (await failureInSweeps(app, run));
  if (failure !== undefined) return { failure, folder: run.root, run };
  await app.logs.show(run);
  void vscode.window.showInformationMessage(
    `${run.name}: ${run.statusReason} No cause was recognised; its log is open.`,
  );
  return undefined;
}

async function failureInQueue(app: App, { id }: RunSummary): Promise<Failure | undefined> {
  const jobs = await app.jobs().catch(() => []);
  return jobs.find(({ runId }) => runId === id)?.failure;
}

async function failureInSweeps(app: App, { id }: RunSummary): Promise<Failure | undefined> {
  const parts = await app.launching.parts();
  const sweeps = [...(await parts.sweeps().catch(() => new Map())).values()];
  return sweeps.flatMap(({ trials }) => trials).find(({ runs }) => runs.at(-1) === id)?.failure;
}

/** A file of a traceback, which may be relative to a folder, or have been written on another machine. */
async function placeOf(file: string, folder: string): Promise<vscode.Uri> {
  const tried = path.isAbsolute(file) ? [file] : [folder, ...diskFolders()].map((one) => path.join(one, file));
  for (const one of tried) {
    if (await exists(one)) return vscode.Uri.file(one);
  }
  // From the longest ending to the shortest: the same file under this folder.
  const parts = file.split(/[\\/]/).filter(Boolean);
  for (let from = 1; from < parts.length; from++) {
    const here = path.join(folder, ...parts.slice(from));
    if (await exists(here)) return vscode.Uri.file(here);
  }
  throw new AppError('not-found', `${file} is not on this machine.`, {
    hint: 'The log of the run has the whole traceback.',
  });
}

async function exists(file: string): Promise<boolean> {
  return await Promise.resolve(vscode.workspace.fs.stat(vscode.Uri.file(file))).then(
    () => true,
    () => false,
  );
}

function failureArgument(given: unknown): FoundFailure | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { failure, folder, group, sweep } = given as {
    failure?: Failure;
    folder?: string;
    group?: { failure: Failure };
    sweep?: { folder: string };
  };
  if (failure !== undefined && typeof folder === 'string') return { failure, folder };
  return group !== undefined && sweep !== undefined ? { failure: group.failure, folder: sweep.folder } : undefined;
}

async function pickOther(app: App, run: RunSummary): Promise<RunSummary | undefined> {
  const others = [...app.feed.runs.values()].filter(({ id, archived }) => id !== run.id && !archived);
  // The run that this one goes on from and runs of the same entry are meant most often.
  const rank = (one: RunSummary): number =>
    (one.id === run.resumedFrom ? 2 : 0) + (one.entry !== undefined && one.entry === run.entry ? 1 : 0);
  const items = others
    .sort((a, b) => rank(b) - rank(a) || b.createdAt - a.createdAt)
    .map((other) => ({
      label: `$(${statusLooks[other.status].icon}) ${other.name}`,
      description: describeRun(other),
      other,
    }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `Diff ${run.name} With…`,
    placeHolder: 'Other run',
    matchOnDescription: true,
  });
  return picked?.other;
}

const comparisons: { readonly [C in Comparison]: { readonly label: string; readonly description: string } } = {
  config: { label: 'Configuration', description: 'resolved keys and values' },
  code: { label: 'Code', description: 'commits and uncommitted changes' },
  environment: { label: 'Environment', description: 'Python packages and versions' },
};

async function pickComparison(left: RunSummary, right: RunSummary): Promise<Comparison | undefined> {
  const items = (Object.keys(comparisons) as Comparison[]).map((what) => ({ ...comparisons[what], what }));
  const picked = await vscode.window.showQuickPick(items, {
    title: `${left.name} ↔ ${right.name}`,
    placeHolder: 'What to compare',
  });
  return picked?.what;
}

function comparisonArgument(args: Args): Comparison | undefined {
  return (Object.keys(comparisons) as Comparison[]).find((what) => args.includes(what));
}
