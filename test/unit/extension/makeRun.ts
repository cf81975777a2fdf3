import type { RunId } from '../../../src/domain/ids.ts';
import type { RunSummary } from '../../../src/domain/run.ts';

/** A run with unremarkable values; tests say what matters to them. */
export function makeRun(change: Partial<Omit<RunSummary, 'id'>> & { readonly id?: string } = {}): RunSummary {
  const { id = 'r1', ...rest } = change;
  return {
    id: id as RunId,
    name: id,
    source: 'trainyard',
    path: `/work/lab/runs/${id}`,
    root: '/work/lab',
    status: 'finished',
    statusReason: 'exit code 0',
    createdAt: 1_790_000_000,
    metrics: [],
    sparkline: [],
    labels: [],
    note: '',
    archived: false,
    ...rest,
  };
}
