import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { App } from '../app.ts';
import { chooseFolder, demandTrust } from '../folders.ts';
import { sshHosts, sshIncludes } from './sshHosts.ts';
import { projectTemplate, targetLines, targetNameProblem, withTarget, yamlWord } from './template.ts';

type Args = readonly unknown[];

/** Opens trainyard.yaml; where there is none, a commented one is made. */
export async function createProjectFile(_app: App, ..._args: Args): Promise<void> {
  demandTrust();
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const uri = await projectFileOf(folder);
  if ((await textOf(uri)) === undefined)
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(projectTemplate));
  await vscode.window.showTextDocument(uri);
}

/** Adds a host of the user's ssh configuration as a target. */
export async function addSshHost(_app: App, ..._args: Args): Promise<void> {
  demandTrust();
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const host = await askForHost('Add SSH Host');
  if (host === undefined) return;
  await addTarget(folder, nameOf(host), [
    ['kind', 'ssh'],
    ['host', yamlWord(host)],
    ['code', 'git'],
  ]);
}

/** Adds a SLURM cluster as a target: on this machine, or through a login node. */
export async function addSlurmTarget(_app: App, ..._args: Args): Promise<void> {
  demandTrust();
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const place = await vscode.window.showQuickPick(
    [
      { label: 'This machine is the login node', description: 'sbatch runs here', ssh: false },
      { label: 'Through SSH…', description: 'sbatch runs on a login node', ssh: true },
    ],
    { title: 'Add SLURM Target', placeHolder: 'Where sbatch runs' },
  );
  if (place === undefined) return;
  const host = place.ssh ? await askForHost('Login Node') : undefined;
  if (place.ssh && host === undefined) return;
  const partition = await vscode.window.showInputBox({
    title: 'Add SLURM Target',
    prompt: 'Partition; leave it empty for the cluster’s own',
    ignoreFocusOut: true,
  });
  if (partition === undefined) return;
  await addTarget(folder, host === undefined ? 'cluster' : nameOf(host), [
    ['kind', 'slurm'],
    ...(host === undefined ? [] : [['ssh', `{ host: ${yamlWord(host)} }`] as const]),
    ...(partition.trim() === '' ? [] : [['partition', yamlWord(partition.trim())] as const]),
    ['time', '"04:00:00"'],
  ]);
}

async function addTarget(
  folder: string,
  suggested: string,
  settings: readonly (readonly [string, string])[],
): Promise<void> {
  const uri = await projectFileOf(folder);
  const isNew = (await textOf(uri)) === undefined;
  if (isNew) await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(projectTemplate));
  const document = await vscode.workspace.openTextDocument(uri);
  const name = await vscode.window.showInputBox({
    title: 'Name of the Target',
    prompt: 'As it is chosen at a launch',
    value: suggested,
    ignoreFocusOut: true,
    validateInput: (text) => targetNameProblem(text.trim(), document.getText()),
  });
  if (name === undefined) return;
  const added = withTarget(document.getText(), targetLines(name.trim(), settings));
  const edit = new vscode.WorkspaceEdit();
  const end = document.lineAt(document.lineCount - 1).range.end;
  edit.replace(uri, new vscode.Range(new vscode.Position(0, 0), end), added.text);
  await vscode.workspace.applyEdit(edit);
  await document.save();
  const range = new vscode.Range(added.line, 0, added.line, 0);
  await vscode.window.showTextDocument(document, { selection: range });
}

async function askForHost(title: string): Promise<string | undefined> {
  const known = await knownHosts();
  const other = { label: 'Other host…', description: 'as typed behind ssh: name or user@name', host: undefined };
  const items = [...known.map((host) => ({ label: host, description: '~/.ssh/config', host })), other];
  const picked = known.length === 0 ? other : await vscode.window.showQuickPick(items, { title, placeHolder: 'Host' });
  if (picked === undefined || picked.host !== undefined) return picked?.host;
  const typed = await vscode.window.showInputBox({
    title,
    prompt: 'Host as typed behind ssh: a name of your configuration, or user@name',
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\w.@:-]+$/.test(text.trim()) && !text.trim().startsWith('-')
        ? undefined
        : 'Type a host: gpu-box, me@login.example.org.',
  });
  return typed?.trim();
}

/** Hosts of ~/.ssh/config and of the files that it includes by plain name. */
async function knownHosts(): Promise<readonly string[]> {
  const folder = path.join(os.homedir(), '.ssh');
  const main = await readFile(path.join(folder, 'config'), 'utf8').catch(() => '');
  const included = sshIncludes(main)
    .filter((name) => !/[*?[]/.test(name))
    .map((name) => name.replace(/^~(?=\/)/, os.homedir()))
    .map((name) => (path.isAbsolute(name) ? name : path.join(folder, name)));
  const texts = await Promise.all(included.map((file) => readFile(file, 'utf8').catch(() => '')));
  return [...new Set([main, ...texts].flatMap(sshHosts))];
}

function nameOf(host: string): string {
  const name = host
    .replace(/^[^@]*@/, '')
    .replace(/[.:].*$/, '')
    .replace(/[^\w-]+/g, '-');
  return /^[A-Za-z]/.test(name) ? name : 'host';
}

async function projectFileOf(folder: string): Promise<vscode.Uri> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, 'trainyard.{yaml,yml}'),
    undefined,
    1,
  );
  return found[0] ?? vscode.Uri.file(path.join(folder, 'trainyard.yaml'));
}

async function textOf(uri: vscode.Uri): Promise<string | undefined> {
  return await Promise.resolve(vscode.workspace.fs.readFile(uri)).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => undefined,
  );
}
