import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { describeRun, statusLooks } from '../runs/present.ts';
import { runIdsOf } from './arguments.ts';

export interface RunQuestion {
  /** Title of the list, where the person has to choose. */
  readonly title: string;
  /** Which runs make sense. */
  readonly accepts?: (run: RunSummary) => boolean;
  /** The sentence for a run that does not. */
  readonly refusal?: string;
  readonly many?: boolean;
}

/** The runs that a command is about: those it was called with, else the selected ones, else those that the person picks. Empty when they gave up. */
export async function chooseRuns(
  app: App,
  args: readonly unknown[],
  question: RunQuestion,
): Promise<readonly RunSummary[]> {
  const accepts = question.accepts ?? (() => true);
  await app.feed.load();
  const named = runIdsOf(args).map((runId) => {
    const run = app.feed.runs.get(runId);
    if (run === undefined)
      throw new AppError('not-found', 'That run is not there any more.', { hint: 'Refresh the Runs view.' });
    return run;
  });
  const meant = named.length > 0 ? named : app.runs.selection;
  const fitting = meant.filter(accepts);
  if (fitting.length > 0) return question.many === true ? fitting : fitting.slice(0, 1);
  if (named.length > 0)
    throw new AppError('conflict', `${named[0]!.name}: ${question.refusal ?? 'that is not possible now.'}`);
  return await pickRuns(
    [...app.feed.runs.values()].filter((run) => accepts(run) && !run.archived),
    question,
  );
}

/** As `chooseRuns`, for commands about one run. */
export async function chooseRun(
  app: App,
  args: readonly unknown[],
  question: RunQuestion,
): Promise<RunSummary | undefined> {
  const [run] = await chooseRuns(app, args, question);
  return run;
}

async function pickRuns(
  runs: readonly RunSummary[],
  { title, many, refusal }: RunQuestion,
): Promise<readonly RunSummary[]> {
  if (runs.length === 0) {
    void vscode.window.showInformationMessage(
      refusal === undefined ? 'There are no runs yet.' : `No run fits: ${refusal}`,
    );
    return [];
  }
  const items = [...runs].sort((a, b) => b.createdAt - a.createdAt).map(runItem);
  const options = { title, placeHolder: 'Run', matchOnDescription: true };
  if (many === true) {
    const picked = await vscode.window.showQuickPick(items, { ...options, canPickMany: true });
    return (picked ?? []).map(({ run }) => run);
  }
  const picked = await vscode.window.showQuickPick(items, options);
  return picked === undefined ? [] : [picked.run];
}

function runItem(run: RunSummary): vscode.QuickPickItem & { readonly run: RunSummary } {
  const { icon } = statusLooks[run.status];
  return { label: `$(${icon}) ${run.name}`, description: describeRun(run), run };
}
