import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { Checkpoint } from '../../domain/checkpoint.ts';
import { drawingRecipes, type MeasuredCheckpoint } from '../../domain/checkpointUse.ts';
import type { RunSummary } from '../../domain/run.ts';
import type { App } from '../app.ts';
import { measuredPage } from '../checkpoints/measured.ts';
import { isUsable } from '../checkpoints/model.ts';
import { demandTrust } from '../folders.ts';
import { formatSize } from '../ui/numbers.ts';
import { chooseRun } from './chooseRuns.ts';
import { ownCheckpoints, pickCheckpointOf } from './pickCheckpoint.ts';

type Args = readonly unknown[];

const usesRecipe = (run: RunSummary): boolean => run.source === 'trainyard' && run.recipe !== undefined;

/** Measures a checkpoint on held-out data and shows the figures as a page. Scripted: `(path)`, which gives them. */
export async function measureCheckpoint(app: App, ...args: Args): Promise<MeasuredCheckpoint | undefined> {
  demandTrust();
  const refusal = 'only runs of recipes can be measured.';
  const file = await checkpointFor(app, args, { title: 'Evaluate Checkpoint', accepts: usesRecipe, refusal });
  if (file === undefined) return undefined;
  const measured = await inProgress(`Evaluating ${shortName(file)}`, (signal) =>
    app.worker.call('checkpoints.measure', { path: file }, signal),
  );
  if (measured === undefined) return undefined;
  await app.documents.showMarkdown(`${measured.run} step ${measured.step}.md`, measuredPage(measured));
  return measured;
}

/** Draws samples from a checkpoint with a seed that is asked for, and opens them. Scripted: `(path, seed?)`, which gives their file. */
export async function drawSamples(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const accepts = (run: RunSummary) => usesRecipe(run) && drawingRecipes.has(run.recipe ?? '');
  const refusal = 'its recipe draws no samples. Evaluate Checkpoint measures it.';
  const file = await checkpointFor(app, args, { title: 'Draw Samples', accepts, refusal });
  if (file === undefined) return undefined;
  const text = typeof args[0] === 'string' ? String(args[1] ?? '') : await askForSeed();
  if (text === undefined) return undefined;
  const drawn = await inProgress(`Drawing from ${shortName(file)}`, (signal) =>
    app.worker.call('checkpoints.draw', { path: file, ...(text === '' ? {} : { seed: Number(text) }) }, signal),
  );
  if (drawn === undefined) return undefined;
  await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(drawn.file));
  return drawn.file;
}

/** Writes a checkpoint as an ONNX model and says where. Scripted: `(path)`, which gives the file. */
export async function exportCheckpoint(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const refusal = 'only runs of recipes can be exported.';
  const file = await checkpointFor(app, args, { title: 'Export as ONNX', accepts: usesRecipe, refusal });
  if (file === undefined) return undefined;
  const made = await inProgress(`Exporting ${shortName(file)}`, (signal) =>
    app.worker.call('checkpoints.export', { path: file }, signal),
  );
  if (made === undefined) return undefined;
  void offerExported(app, made.file, made.sizeBytes);
  return made.file;
}

async function offerExported(app: App, file: string, sizeBytes: number): Promise<void> {
  const message = `${path.basename(file)} (${formatSize(sizeBytes)}) lies in ${vscode.workspace.asRelativePath(path.dirname(file))}.`;
  const answer = await vscode.window.showInformationMessage(message, 'Show Details', 'Reveal');
  if (answer === 'Reveal') await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(file));
  if (answer !== 'Show Details') return;
  const { openCheckpoint } = await import('./checkpointCommands.ts');
  await openCheckpoint(app, file);
}

interface Question {
  readonly title: string;
  readonly accepts: (run: RunSummary) => boolean;
  readonly refusal: string;
}

/** The checkpoint of a row or a scripted call, else one of the run that is meant or picked. */
async function checkpointFor(app: App, args: Args, question: Question): Promise<string | undefined> {
  const [first] = args;
  const row = (first as { checkpoint?: Checkpoint } | undefined)?.checkpoint;
  if (row !== undefined) return row.path;
  if (typeof first === 'string' && path.isAbsolute(first)) return first;
  const run = await chooseRun(app, args, question);
  if (run === undefined) return undefined;
  const own = (await ownCheckpoints(app, run)).filter(isUsable);
  if (own.length > 0) return await pickCheckpointOf(own, `${question.title}: ${run.name}`, 'Checkpoint');
  throw new AppError('not-found', `${run.name} has no checkpoint yet.`, {
    hint: 'A run keeps its first one after checkpointEvery steps, at a stop and at its end.',
  });
}

async function askForSeed(): Promise<string | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Draw Samples',
    prompt: 'Seed. Empty: the seed of the run, with which it drew its own samples.',
    placeHolder: 'a whole number',
    validateInput: (typed) =>
      /^\d{0,9}$/.test(typed.trim()) ? undefined : 'Type a whole number of at most nine digits, or nothing.',
  });
  return text?.trim();
}

/** A notification that can be cancelled; undefined where it was. */
async function inProgress<T>(title: string, task: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const location = vscode.ProgressLocation.Notification;
  const abort = new AbortController();
  return await vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
    const listener = token.onCancellationRequested(() => abort.abort());
    try {
      return await task(abort.signal);
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      throw error;
    } finally {
      listener.dispose();
    }
  });
}

/** "digits-1/last.safetensors". */
function shortName(file: string): string {
  const run = path.basename(path.dirname(path.dirname(file)));
  return `${run}/${path.basename(file)}`;
}
