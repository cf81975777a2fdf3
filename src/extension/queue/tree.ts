import * as vscode from 'vscode';
import type { JobId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import { viewIds } from '../contributions.ts';
import type { ErrorNode } from '../ui/errorItem.ts';
import { dragType, type ViewContents } from '../ui/lazyView.ts';
import { ListTree } from '../ui/listTree.ts';
import {
  collectJobs,
  describeJob,
  dropMoves,
  isMovable,
  type JobNode,
  jobContext,
  jobLooks,
  jobTooltip,
} from './model.ts';

/** The Queue view's data. */
export function queueTree(jobs: () => Promise<readonly Job[]>): ListTree<JobNode> {
  // A dependency may have ended, so that it has no row of its own any more.
  let names: ReadonlyMap<JobId, string> = new Map();
  return new ListTree<JobNode>({
    load: async () => {
      const all = await jobs();
      names = new Map(all.map(({ id, runName }) => [id, runName]));
      return collectJobs(all);
    },
    children: () => [],
    item: (node) => jobItem(node, names),
  });
}

function jobItem(node: JobNode, names: ReadonlyMap<JobId, string>): vscode.TreeItem {
  const { job } = node;
  const look = jobLooks[job.state];
  const item = new vscode.TreeItem(job.runName);
  item.id = `job/${job.id}`;
  item.description = describeJob(node, Date.now() / 1000);
  item.iconPath = new vscode.ThemeIcon(
    look.icon,
    look.color === undefined ? undefined : new vscode.ThemeColor(look.color),
  );
  item.contextValue = jobContext(job);
  item.tooltip = jobTooltip(job, names);
  item.accessibilityInformation = { label: `${job.runName}, ${look.word}, ${item.description}` };
  return item;
}

const MIME = dragType(viewIds.queue);

export interface QueueDropOptions {
  readonly jobs: () => Promise<readonly Job[]>;
  readonly move: (jobId: JobId, before: JobId | null) => Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Drag and drop within the queue. Dropped on a row, jobs go before it; dropped on the empty space, they go last. */
export function queueMoves(options: QueueDropOptions): NonNullable<ViewContents<JobNode | ErrorNode>['moving']> {
  return {
    handleDrag: (nodes, data) => {
      const ids = nodes
        .filter((node) => node.kind === 'job')
        .filter(({ job }) => isMovable(job))
        .map(({ job }) => job.id);
      if (ids.length > 0) data.set(MIME, new vscode.DataTransferItem(ids));
    },
    handleDrop: async (target, data) => {
      const ids = data.get(MIME)?.value as readonly JobId[] | undefined;
      if (ids === undefined) return;
      try {
        const before = target?.kind === 'job' ? target.job.id : null;
        for (const move of dropMoves(await options.jobs(), ids, before)) await options.move(move.jobId, move.before);
      } catch (error) {
        options.failed(error);
      }
    },
  };
}
