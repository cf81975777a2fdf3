import { isActive, type RunSummary } from '../../domain/run.ts';
import type { RemoteFile } from '../../domain/target.ts';
import { formatSize } from '../ui/numbers.ts';

const oldSeconds = 30 * 24 * 3600;

/** Whether a run ended on another machine, so that its folder there may go. */
export function clearable({ target, status }: RunSummary): boolean {
  return target !== undefined && target !== 'local' && status !== 'queued' && !isActive(status);
}

/** Those that ended long ago. */
export function oldRuns(runs: readonly RunSummary[], now: number): readonly RunSummary[] {
  return runs.filter(({ endedAt, createdAt }) => now - (endedAt ?? createdAt) > oldSeconds);
}

/** What goes with the folder over there, as a sentence. */
export function lossOf(files: readonly RemoteFile[]): string {
  const lost = files.filter(({ here }) => !here);
  if (lost.length === 0) return 'Every file that is known to have stayed there is here too.';
  const bytes = lost.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const which = lost.length === 1 ? '1 file that is' : `${lost.length} files that are`;
  return `${which} only there (${formatSize(bytes)}) ${lost.length === 1 ? 'is' : 'are'} lost: checkpoints above all.`;
}
