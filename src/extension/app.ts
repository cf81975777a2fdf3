import type * as vscode from 'vscode';
import type { Job } from '../domain/job.ts';
import type { CheckpointsNode } from './checkpoints/tree.ts';
import type { LogNode } from './experimentLog/tree.ts';
import type { LaunchingLoader } from './launchingView.ts';
import type { Journal } from './log/journal.ts';
import type { RunLogs } from './log/runLogs.ts';
import type { Panels } from './panels/panels.ts';
import type { JobNode } from './queue/model.ts';
import type { RunsFeed } from './runs/feed.ts';
import type { RunsView } from './runs/view.ts';
import type { Documents } from './ui/documents.ts';
import type { ListTree } from './ui/listTree.ts';
import type { LazyLink } from './worker/lazyLink.ts';

/** The parts of the extension that commands work with. Made once, in extension.ts. */
export interface App {
  readonly context: vscode.ExtensionContext;
  readonly output: Journal;
  readonly worker: LazyLink;
  readonly feed: RunsFeed;
  readonly runs: RunsView;
  readonly checkpoints: ListTree<CheckpointsNode>;
  readonly experimentLog: ListTree<LogNode>;
  readonly queue: ListTree<JobNode>;
  /** The queue as the worker has it now. */
  readonly jobs: () => Promise<readonly Job[]>;
  readonly queueSelection: () => readonly unknown[];
  readonly documents: Documents;
  readonly logs: RunLogs;
  readonly panels: Panels;
  /** What is loaded only when launching is looked at. */
  readonly launching: LaunchingLoader;
  readonly workerFile: string;
}
