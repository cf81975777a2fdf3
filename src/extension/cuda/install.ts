import * as vscode from 'vscode';
import { describeError } from '../../base/errors.ts';
import type { App } from '../app.ts';
import { escapeMarkdown } from '../ui/markdown.ts';
import { formatSize } from '../ui/numbers.ts';

/** What a caller of the command may decide before. */
interface InstallOptions {
  /** A package or folder on this disk, instead of the feed; whoever names it has agreed. */
  readonly from?: string;
}

const fetchIt = 'Fetch';
const useFile = 'Use a Package on This Disk…';

/** Fetches the CUDA provider of ONNX Runtime after the person has agreed, and shows what else the machine lacks. */
export async function installCuda(app: App, ...args: readonly unknown[]): Promise<void> {
  const given = (args[0] ?? {}) as InstallOptions;
  const from = given.from ?? (await agreedSource(app));
  if (from === undefined) return;
  const text = await installWithProgress(app, from === fetchIt ? undefined : from);
  if (text === undefined) return;
  await app.documents.showMarkdown(
    'CUDA Provider.md',
    ['# CUDA Provider', ...text.map(escapeMarkdown), '*Doctor tries every device by a training step.*'].join('\n\n'),
  );
}

/** `fetchIt`, the path of a package, or undefined where the person does not want it. */
async function agreedSource(app: App): Promise<string | undefined> {
  const plan = await app.worker.call('cuda.plan', proxyParams()).catch((error: unknown) => ({
    // A feed that cannot be reached leaves the way by a file.
    text: `${describeError(error)}`,
    isInstalled: false,
    size: null,
    failed: true,
  }));
  const buttons = 'failed' in plan ? [useFile] : [fetchIt, useFile];
  const question = 'Install the CUDA provider of ONNX Runtime?';
  const answer = await vscode.window.showInformationMessage(question, { modal: true, detail: plan.text }, ...buttons);
  if (answer !== useFile) return answer;
  const [picked] =
    (await vscode.window.showOpenDialog({
      title: 'Package of the CUDA Provider',
      filters: { Packages: ['nupkg', 'whl', 'zip'] },
    })) ?? [];
  return picked?.fsPath;
}

/** Gives what is to be told at the end, or undefined where the person stopped it. */
async function installWithProgress(app: App, from: string | undefined): Promise<readonly string[] | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Installing the CUDA provider',
    cancellable: true,
  };
  return await vscode.window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    const cancelling = token.onCancellationRequested(() => stop.abort());
    let shown = 0;
    const listening = app.worker.on('cuda.progress', ({ phase, bytes, total }) => {
      const percent = total === null ? shown : Math.floor((100 * bytes) / total);
      const of = total === null ? '' : ` of ${formatSize(total)}`;
      const message = phase === 'unpack' ? 'unpacking' : `${formatSize(bytes)}${of}`;
      progress.report({ increment: Math.max(0, percent - shown), message });
      shown = Math.max(shown, percent);
    });
    try {
      const params = { ...proxyParams(), ...(from === undefined ? {} : { from }) };
      return (await app.worker.call('cuda.install', params, stop.signal)).text;
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    } finally {
      cancelling.dispose();
      listening.dispose();
    }
  });
}

/** The proxy that VS Code was told, which processes of ours do not know. */
function proxyParams(): { readonly proxy?: string } {
  const proxy = vscode.workspace.getConfiguration('http').get<string>('proxy');
  return proxy === undefined || proxy === '' ? {} : { proxy };
}
