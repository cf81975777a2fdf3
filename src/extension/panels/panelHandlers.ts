import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { Json } from '../../domain/json.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import { type PanelCommand, type PanelInit, type PanelMethods, panelCommands } from '../../protocol/webview.ts';
import { commandIds } from '../contributions.ts';
import { diskFolders } from '../folders.ts';
import type { RunsFeed } from '../runs/feed.ts';
import type { LazyLink } from '../worker/lazyLink.ts';

export interface HandlerServices {
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  readonly init: () => Promise<PanelInit>;
  readonly saveState: (state: Json) => void;
}

/**
 * The answers to a panel's questions. Data questions go on to the worker with the panel's own cancellation. A page that is loaded again counts its
 * requests anew, so answers to the page before it must not be sent: they would meet other questions of the same number.
 */
export function panelHandlers({ worker, feed, init, saveState }: HandlerServices): Handlers<PanelMethods> {
  let page = 0;
  const forThisPage = async <T>(answer: Promise<T>): Promise<T> => {
    const asked = page;
    const settled = await answer.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (asked !== page) return await new Promise<never>(() => {});
    if ('error' in settled) throw settled.error;
    return settled.value;
  };
  return {
    'panel.init': () => {
      page += 1;
      return forThisPage(init());
    },
    'panel.saveState': ({ state }) => {
      saveState(state);
      return null;
    },
    'runs.list': () => ({ runs: [...feed.runs.values()] }),
    'runs.get': (params, signal) => forThisPage(worker.call('runs.get', params, signal)),
    'series.query': (params, signal) => forThisPage(worker.call('series.query', params, signal)),
    'series.points': (params, signal) => forThisPage(worker.call('series.points', params, signal)),
    'media.list': (params, signal) => forThisPage(worker.call('media.list', params, signal)),
    'media.read': (params, signal) => forThisPage(worker.call('media.read', params, signal)),
    'file.save': (params) => forThisPage(saveFile(params.suggestedName, params.bytes)),
    'clipboard.write': async ({ text }) => {
      await vscode.env.clipboard.writeText(text);
      return null;
    },
    'command.run': async ({ command, runIds }) => {
      if (!panelCommands.includes(command)) throw new AppError('bad-argument', `There is no panel command ${command}.`);
      await vscode.commands.executeCommand(commandsOfPanels[command], runIds);
      return null;
    },
  };
}

const commandsOfPanels: { readonly [C in PanelCommand]: string } = {
  showMetrics: commandIds.showMetrics,
  showSamples: commandIds.showSamples,
  showLog: commandIds.showLog,
  revealRun: commandIds.revealRun,
};

/** The name is only a proposal: its path parts are dropped, and the person decides where the file goes. */
async function saveFile(suggestedName: string, bytes: Uint8Array): Promise<{ saved: boolean }> {
  const name = suggestedName.replace(/[\\/:*?"<>|]+/g, '-');
  const [folder] = diskFolders();
  const defaultUri = folder === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(folder), name);
  const target = await vscode.window.showSaveDialog(defaultUri === undefined ? {} : { defaultUri });
  if (target === undefined) return { saved: false };
  await vscode.workspace.fs.writeFile(target, bytes);
  return { saved: true };
}
