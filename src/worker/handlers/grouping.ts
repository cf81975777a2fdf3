import { AppError } from '../../base/errors.ts';
import type { Handlers } from '../../protocol/rpc.ts';
import type { WorkerMethods } from '../../protocol/worker.ts';
import type { RunGrouping, WorkerServices } from '../services.ts';

/** What people say of which places are one run. */
export function groupingHandlers(worker: WorkerServices): Pick<Handlers<WorkerMethods>, 'runs.split' | 'runs.merge'> {
  const summary = (runId: Parameters<typeof worker.views.find>[0]) => worker.views.summary(worker.views.find(runId));
  return {
    'runs.split': async ({ runId, part }) => {
      const ids = await groupingOf(worker).split(worker.views.find(runId).id, part);
      return { runs: ids.map(summary) };
    },
    'runs.merge': async ({ runIds }) => {
      const [first, ...others] = [...new Set(runIds)].map((runId) => worker.views.find(runId).id);
      if (first === undefined || others.length === 0)
        throw new AppError('bad-argument', 'Two runs at least are needed to make one of them.');
      return summary(await groupingOf(worker).merge([first, ...others]));
    },
  };
}

function groupingOf({ grouping }: WorkerServices): RunGrouping {
  if (grouping !== undefined) return grouping;
  throw new AppError('internal', 'This worker keeps no record of which places are one run.');
}
