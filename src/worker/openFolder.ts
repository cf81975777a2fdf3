import { setTimeout as delay } from 'node:timers/promises';
import { isActive } from '../domain/run.ts';
import type { FolderSettings } from '../protocol/worker.ts';
import type { Client } from './clients.ts';
import type { WorkerServices } from './services.ts';

/** How long `folder.open` waits for runs to be read, when the folder is new or has runs that may have changed. */
const settleMs = 3_000;
const knownPatienceMs = 60;
/** A look at more runs than this takes longer than anybody should wait for a list. */
const manyRuns = 500;

type Services = Pick<WorkerServices, 'catalog' | 'monitor' | 'folders'>;

/** Opens a folder for a client. Resolves when its runs are known. */
export async function openFolder(
  worker: Services,
  client: Client,
  folder: string,
  trusted: boolean,
  settings: FolderSettings,
): Promise<void> {
  const isOpen = client.folders.has(folder);
  client.folders.set(folder, { trusted, settings });
  const mine = [...worker.catalog.all()].filter(({ found }) => found.root === folder);
  for (const run of mine) if (isActive(run.facts.status ?? 'unknown')) worker.monitor.follow(run.found, true);
  const looking = lookInto(worker, client, folder, settings, isOpen);
  // A folder that a window knows is listed at once from the index; what has changed in it is told a moment later. The command line asks only once.
  const isQuick = mine.length > 0 && !isOpen && client.kind === 'extension';
  const patienceMs = mine.length > manyRuns ? 0 : knownPatienceMs;
  if (isQuick) await Promise.race([looking.catch(() => {}), delay(patienceMs, undefined, { ref: false })]);
  else await looking;
}

async function lookInto(
  worker: Services,
  client: Client,
  folder: string,
  settings: FolderSettings,
  isOpen: boolean,
): Promise<void> {
  try {
    if (isOpen) await worker.folders.change(folder, settings);
    else await worker.folders.open(folder, settings);
  } catch (error) {
    if (!isOpen) client.folders.delete(folder);
    throw error;
  }
  worker.monitor.wake();
  await worker.monitor.settled(settleMs);
}
