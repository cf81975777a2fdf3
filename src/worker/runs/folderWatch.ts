import { type FSWatcher, watch } from 'node:fs';
import type { Disposable } from '../../base/disposables.ts';

/**
 * Calls `onChange` soon after something in the folder itself (not below it) changed, many changes at once. It is a hint only: where the system
 * cannot watch (network disks, no handles left), nothing is called and polling finds the change.
 */
export function watchFolder(folder: string, delayMs: number, onChange: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  const hint = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      onChange();
    }, delayMs);
  };
  try {
    watcher = watch(folder, { persistent: false }, hint);
    watcher.on('error', () => watcher?.close());
  } catch {
    // Polling does it.
  }
  return {
    dispose: () => {
      clearTimeout(timer);
      watcher?.close();
    },
  };
}
