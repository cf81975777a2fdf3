import type { Job } from '../../domain/job.ts';
import type { RunFacts } from '../../domain/records.ts';
import type { RunDetail, RunSource, RunStatus, RunSummary } from '../../domain/run.ts';
import type { Marks } from '../../store/markTable.ts';
import type { LiveRun } from './liveRun.ts';

/** What the queue knows of a run. */
export interface JobFacts {
  readonly job: Job;
  /** Somebody asked for its end. */
  readonly stopAsked: boolean;
  /** How its end looked to the target, where the run's own files cannot tell. */
  readonly ending?: string;
}

interface Status {
  readonly status: RunStatus;
  readonly statusReason: string;
}

export const noMarks: Marks = { labels: [], note: '', archived: false };

/** A run as lists show it: what its files say, what the queue knows, what the user says. */
export function summaryOf(run: LiveRun, marks: Marks = noMarks, jobFacts?: JobFacts): RunSummary {
  const { facts, glance, found } = run;
  const optional = {
    recipe: facts.recipe,
    device: facts.device,
    architecture: facts.architecture,
    startedAt: facts.startedAt,
    endedAt: facts.endedAt,
    progress: facts.progress,
    resumedFrom: facts.resumedFrom,
    entry: facts.entry,
    target: facts.target,
    project: facts.project,
    group: facts.group,
    alsoLoggedTo: otherSources(found.source, facts.sources),
    profiled: facts.recipe !== undefined && facts.config?.['profile'] === true ? (true as const) : undefined,
    places: (facts.sources?.length ?? 1) > 1 ? facts.sources?.length : undefined,
  };
  return {
    id: run.id,
    name: marks.name ?? facts.name ?? found.name,
    source: found.source,
    path: found.path,
    root: found.root,
    ...statusOf(run, jobFacts),
    createdAt: facts.createdAt ?? facts.startedAt ?? run.foundAt,
    metrics: glance.metrics,
    sparkline: glance.sparkline,
    labels: marks.labels,
    note: marks.note,
    archived: marks.archived,
    ...defined(optional),
  };
}

/** Everything about a run but its points. */
export function detailOf(run: LiveRun, summary: RunSummary): RunDetail {
  const { facts } = run;
  return {
    ...summary,
    config: facts.config ?? {},
    definitions: facts.definitions ?? [],
    series: [...run.series.values()].map(({ info }) => info),
    problems: run.problems,
    ...defined({
      command: facts.command,
      cwd: facts.cwd,
      commit: facts.commit,
      dirty: facts.dirty,
      sources: facts.sources,
      console: facts.console,
      configFiles: facts.configFiles,
      outputs: facts.outputs,
      artifacts: facts.artifacts,
      host: facts.host,
      trackerId: facts.trackerId,
      trackerLabels: facts.trackerLabels,
      trackerNote: facts.trackerNote,
      trackerSummary: facts.summary,
    }),
  };
}

/** Who else logged the run; undefined where it is nobody. */
function otherSources(own: RunSource, sources: RunFacts['sources']): readonly RunSource[] | undefined {
  const others = new Set((sources ?? []).map(({ source }) => source));
  others.delete(own);
  return others.size === 0 ? undefined : [...others];
}

function statusOf(run: LiveRun, jobFacts: JobFacts | undefined): Status {
  const own = {
    status: run.facts.status ?? 'unknown',
    statusReason: run.facts.statusReason ?? 'It has not been read yet.',
  } as const;
  if (jobFacts === undefined) return own;
  const { job, stopAsked, ending } = jobFacts;
  if (job.state === 'waiting' || job.state === 'held')
    return { status: 'queued', statusReason: `In the queue: ${job.reason}.` };
  if (job.state === 'cancelled')
    return { status: 'stopped', statusReason: job.failure?.message ?? 'Taken out of the queue before it started.' };
  const isUnsettled = own.status === 'queued' || own.status === 'starting' || own.status === 'running';
  if (job.state === 'done') {
    const sawNothing = own.status === 'queued' || own.status === 'starting';
    return sawNothing && ending !== undefined ? { status: 'lost', statusReason: ending } : own;
  }
  if (stopAsked && isUnsettled)
    return { status: 'stopping', statusReason: 'It was asked to stop and ends after the step it is at.' };
  // A target that is not this machine has a queue of its own, and says so.
  const isStarting = own.status === 'queued' && job.target === 'local';
  return isStarting ? { status: 'starting', statusReason: 'Its process is being started.' } : own;
}

/** Without the properties that are not there. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
