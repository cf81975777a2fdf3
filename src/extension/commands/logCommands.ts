import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { App } from '../app.ts';
import { diskFolders } from '../folders.ts';
import { type Answer, pickStep, type StepPlace, textStep } from '../launch/wizard.ts';
import { chooseRun } from './chooseRuns.ts';

interface Conclusion {
  readonly title: string;
  readonly conclusion: string;
  readonly phase?: string;
}

/** Writes an entry on a run into EXPERIMENT_LOG.md and opens it. Scripted: `(runId, { title, conclusion, phase? })`. */
export async function logConclusion(app: App, ...args: readonly unknown[]): Promise<void> {
  const run = await chooseRun(app, args, { title: 'Log Conclusion' });
  if (run === undefined) return;
  const given = scripted(args[1]) ?? (await askForConclusion(app, run.name, run.root));
  if (given === undefined) return;
  const { file, line } = await app.worker.call('experimentLog.conclude', { runId: run.id, ...given });
  app.experimentLog.reload();
  await openEntry(app, file, line);
}

function scripted(given: unknown): Conclusion | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const { title, conclusion, phase } = given as { title?: unknown; conclusion?: unknown; phase?: unknown };
  if (typeof title !== 'string' || typeof conclusion !== 'string') return undefined;
  return { title, conclusion, ...(typeof phase === 'string' ? { phase } : {}) };
}

/** Title, conclusion, and the phase where the log has any. Each step leads back to the one before. */
async function askForConclusion(app: App, runName: string, folder: string): Promise<Conclusion | undefined> {
  const { entries } = await app.worker.call('experimentLog.list', { folder });
  const phases = [...new Set(entries.map(({ phase }) => phase).filter((phase) => phase !== ''))];
  const totalSteps = phases.length > 0 ? 3 : 2;
  let title = runName;
  let conclusion = '';
  let phase: string | undefined;
  const questions: readonly ((place: StepPlace) => Promise<Answer<unknown>>)[] = [
    async (place) =>
      took(
        await textStep({ place, prompt: 'Title of the entry', value: title, problem: needed }),
        (text) => (title = text),
      ),
    async (place) =>
      took(
        await textStep({ place, prompt: 'What was learnt, in a sentence', value: conclusion, problem: needed }),
        (text) => (conclusion = text),
      ),
    async (place) => took(await askForPhase(place, phases), (chosen) => (phase = chosen)),
  ];
  let step = 0;
  while (step < totalSteps) {
    const place = { title: `Log Conclusion on ${runName}`, step: step + 1, totalSteps, canGoBack: step > 0 };
    const answer = await questions[step]!(place);
    if (answer.kind === 'cancelled') return undefined;
    step += answer.kind === 'value' ? 1 : -1;
  }
  return { title, conclusion, ...(phase === undefined ? {} : { phase }) };
}

async function askForPhase(place: StepPlace, phases: readonly string[]): Promise<Answer<string | undefined>> {
  const items = [
    ...[...phases].reverse().map((phase) => ({ label: phase, value: phase as string | undefined })),
    { label: 'New phase…', value: undefined },
  ];
  const answer = await pickStep({ place, placeholder: 'Phase that the entry belongs to', items });
  if (answer.kind !== 'value' || answer.value !== undefined) return answer;
  return await textStep({ place, prompt: 'Name of the new phase', value: '', problem: needed });
}

function took<T>(answer: Answer<T>, take: (value: T) => void): Answer<T> {
  if (answer.kind === 'value') take(answer.value);
  return answer;
}

function needed(text: string): string | undefined {
  return text === '' ? 'Write a few words.' : undefined;
}

/** Opens what the experiment log says about a run: its entry, or the one of several that the person picks. Scripted: `(runId)`. */
export async function openLogEntries(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  const run = await chooseRun(app, args, { title: 'Open Log Entry' });
  if (run === undefined) return undefined;
  const { entries } = await app.worker.call('experimentLog.ofRun', { runId: run.id });
  if (entries.length === 0) {
    throw new AppError('not-found', `No entry of an experiment log names ${run.name}.`, {
      hint: 'An entry belongs to a run by the run_name= of its command, by the command itself or by a checkpoint. Log Conclusion writes one.',
    });
  }
  const items = entries.map(({ entry, why }) => ({
    label: `$(notebook) ${entry.title}`,
    description: entry.status.toLowerCase(),
    detail: why,
    entry,
  }));
  const options = { title: `Entries about ${run.name}`, placeHolder: 'Entry', matchOnDescription: true };
  const picked = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, options);
  if (picked !== undefined) await openEntry(app, picked.entry.file, picked.entry.line);
  return picked?.entry.title;
}

/** Opens the file at the entry's line. */
export async function openEntry(_app: App, ...args: readonly unknown[]): Promise<void> {
  const place = placeOf(args);
  if (place === undefined) return;
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(place.file));
  const position = new vscode.Position(Math.min(place.line, document.lineCount - 1), 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(position, position), preview: true });
}

function placeOf([first, second]: readonly unknown[]): { readonly file: string; readonly line: number } | undefined {
  if (typeof first === 'string') return { file: first, line: typeof second === 'number' ? second : 0 };
  const entry = (first as { entry?: { file?: unknown; line?: unknown } } | undefined)?.entry;
  if (typeof entry?.file !== 'string' || typeof entry.line !== 'number') return undefined;
  return { file: entry.file, line: entry.line };
}

/** Opens the experiment log of the workspace; with several, the one that the person picks. */
export async function openExperimentLog(app: App): Promise<void> {
  const lists = await Promise.all(diskFolders().map((folder) => app.worker.call('experimentLog.list', { folder })));
  const files = [...new Set(lists.flatMap(({ entries }) => entries.map(({ file }) => file)))];
  if (files.length === 0) {
    void vscode.window.showInformationMessage(
      'There is no experiment log yet. "Trainyard: Log Conclusion" on a run writes its first entry.',
    );
    return;
  }
  const picked =
    files.length === 1
      ? files[0]
      : (await vscode.window.showQuickPick(files.map(fileItem), { title: 'Experiment Log' }))?.file;
  if (picked !== undefined) await openEntry(app, picked, 0);
}

function fileItem(file: string) {
  return { label: path.basename(file), description: path.dirname(file), file };
}
