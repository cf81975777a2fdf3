import { isActive, type RunSummary } from '../../domain/run.ts';
import { count } from '../ui/numbers.ts';
import { isFailure } from './present.ts';

/** Failures older than this are no news. */
const FAILURE_AGE_S = 24 * 3600;

export interface StatusBarFacts {
  readonly text: string;
  readonly tooltip: string;
  readonly speech: string;
}

/** "2 running · 1 failed" with icons; undefined where there is no run at all. Failures count for a day, and never when archived. */
export function statusBarFacts(runs: readonly RunSummary[], now: number): StatusBarFacts | undefined {
  if (runs.length === 0) return undefined;
  const running = runs.filter(({ status }) => isActive(status) && status !== 'queued');
  const queued = runs.filter(({ status }) => status === 'queued');
  const failed = runs.filter((run) => isFreshFailure(run, now));
  const parts = [`${running.length} running`, ...(failed.length > 0 ? [`$(error) ${failed.length} failed`] : [])];
  const names = (some: readonly RunSummary[]): string =>
    some
      .slice(0, 5)
      .map(({ name }) => name)
      .join(', ') + (some.length > 5 ? ', …' : '');
  const lines = [
    running.length > 0 ? `Running: ${names(running)}` : 'Nothing is running',
    queued.length > 0 ? `Queued: ${names(queued)}` : '',
    failed.length > 0 ? `Failed in the last day: ${names(failed)}` : '',
    'Select to show the runs',
  ];
  const icon = running.length > 0 ? '$(sync~spin)' : '$(beaker)';
  const speech = `Trainyard: ${count(running.length, 'run')} in progress, ${failed.length} failed in the last day`;
  return { text: `${icon} ${parts.join(' · ')}`, tooltip: lines.filter((line) => line !== '').join('\n'), speech };
}

function isFreshFailure(run: RunSummary, now: number): boolean {
  if (run.archived || !isFailure(run.status)) return false;
  return now - (run.endedAt ?? run.createdAt) < FAILURE_AGE_S;
}
