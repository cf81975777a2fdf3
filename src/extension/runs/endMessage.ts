import type { RunStatus, RunSummary } from '../../domain/run.ts';
import { formatDuration, formatValue } from '../ui/numbers.ts';

type Wish = 'all' | 'failures' | 'off';

/** How an end is told: as a failure, as news, or not at all. A stop was asked for by the person, so it is no news. */
const kinds: { readonly [S in RunStatus]: 'failure' | 'news' | 'silent' } = {
  queued: 'silent',
  starting: 'silent',
  running: 'silent',
  stopping: 'silent',
  finished: 'news',
  stopped: 'silent',
  failed: 'failure',
  killed: 'failure',
  lost: 'failure',
  unknown: 'silent',
};

/** The sentence at the end of a run, or undefined where the person should not be disturbed. */
export function endMessage(
  run: RunSummary,
  wish: Wish,
): { readonly text: string; readonly failed: boolean } | undefined {
  const kind = kinds[run.status];
  if (wish === 'off' || kind === 'silent' || (wish === 'failures' && kind === 'news')) return undefined;
  const failed = kind === 'failure';
  const reason = run.statusReason === '' ? run.status : run.statusReason;
  return {
    text: failed
      ? `${run.name}${/^fail/i.test(reason) ? '' : ' failed'}: ${reason}`
      : `${run.name} finished${lasted(run)}${result(run)}.`,
    failed,
  };
}

function lasted({ startedAt, endedAt }: RunSummary): string {
  return startedAt === undefined || endedAt === undefined ? '' : ` after ${formatDuration(endedAt - startedAt)}`;
}

function result({ metrics }: RunSummary): string {
  const [first] = metrics;
  return first === undefined ? '' : `, ${first.tag} ${formatValue(first.value)}`;
}
