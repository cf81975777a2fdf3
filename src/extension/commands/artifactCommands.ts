import path from 'node:path';
import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import { type ArtifactFile, describeArtifact, type RunArtifact } from '../../domain/artifact.ts';
import type { App } from '../app.ts';
import { formatSize } from '../ui/numbers.ts';
import { textArgument } from './arguments.ts';
import { chooseRun } from './chooseRuns.ts';

/** Opens a file of an artifact, where that is on this machine. Scripted: `(runId, artifact)` gives the first file of it. */
export async function openArtifact(app: App, ...args: readonly unknown[]): Promise<string | undefined> {
  const run = await chooseRun(app, args, { title: 'Open Artifact' });
  if (run === undefined) return undefined;
  const { artifacts = [] } = await app.worker.call('runs.get', { runId: run.id });
  if (artifacts.length === 0) {
    throw new AppError('not-found', `${run.name} has no artifacts that its tracker lists here.`, {
      hint: 'W&B keeps those of runs that were logged online on its server only.',
    });
  }
  const wanted = textArgument(args);
  const artifact = artifacts.find(({ name }) => name === wanted) ?? (await pickArtifact(run.name, artifacts));
  if (artifact === undefined) return undefined;
  const place = wanted === undefined ? await pickFile(artifact) : placeOf(artifact, artifact.files[0]);
  if (place === undefined) return undefined;
  await openPlace(artifact, place);
  return place;
}

async function pickArtifact(runName: string, artifacts: readonly RunArtifact[]): Promise<RunArtifact | undefined> {
  const items = artifacts.map((artifact) => ({
    label: `$(package) ${artifact.name}`,
    description: describeArtifact(artifact, formatSize),
    ...(artifact.description === undefined ? {} : { detail: artifact.description }),
    artifact,
  }));
  const options = { title: `Artifacts of ${runName}`, placeHolder: 'Artifact', matchOnDescription: true };
  return (await vscode.window.showQuickPick(items, options))?.artifact;
}

async function pickFile(artifact: RunArtifact): Promise<string | undefined> {
  const items = artifact.files.flatMap((file) => {
    const place = placeOf(artifact, file);
    const description = `${formatSize(file.sizeBytes)}${place === undefined ? ', not on this machine' : ''}`;
    return [{ label: `$(file) ${file.path}`, description, place: place ?? '' }];
  });
  if (items.length === 1) return items[0]!.place;
  return (await vscode.window.showQuickPick(items, { title: artifact.name, placeHolder: 'File' }))?.place;
}

/** Where a file lies: in the artifact's own place, else where the program had it. Undefined for addresses. */
function placeOf(artifact: RunArtifact, file: ArtifactFile | undefined): string | undefined {
  if (file === undefined) return artifact.path;
  const isFileItself = file.path === artifact.name;
  if (artifact.path !== undefined) return isFileItself ? artifact.path : path.join(artifact.path, file.path);
  return file.from !== undefined && path.isAbsolute(file.from) ? file.from : undefined;
}

async function openPlace(artifact: RunArtifact, place: string): Promise<void> {
  const uri = vscode.Uri.file(place);
  const facts = place === '' ? undefined : await stat(uri);
  if (facts === undefined) {
    throw new AppError(
      'not-found',
      `The file of ${artifact.name} is not on this machine${place === '' ? '' : ` any more: ${place}`}.`,
      {
        hint: 'The tracker noted where it was, and may keep a copy on its server.',
      },
    );
  }
  const isFolder = (facts.type & vscode.FileType.Directory) !== 0;
  await vscode.commands.executeCommand(isFolder ? 'revealFileInOS' : 'vscode.open', uri);
}

async function stat(uri: vscode.Uri): Promise<vscode.FileStat | undefined> {
  try {
    return await vscode.workspace.fs.stat(uri);
  } catch {
    return undefined;
  }
}
