import { isActive, type RunStatus } from '../../domain/run.ts';

/** What decides how often a run is looked at. Times in milliseconds. */
export interface PaceFacts {
  readonly status: RunStatus | undefined;
  readonly now: number;
  /** When it last brought rows; 0: never while this worker ran. */
  readonly grewAt: number;
  /** When a client last asked for it; 0: never. */
  readonly askedAt: number;
  readonly hasClients: boolean;
  /** How many runs are live: a folder that was just copied here may hold thousands that look it, and they share what the machine can spare. */
  readonly liveRuns: number;
  /** How many runs are neither live nor asked for: the more there are, the longer each one waits, so that idling stays cheap. */
  readonly coldRuns: number;
  /** It lies on a disk of another machine, where each look costs the network and no watch helps. */
  readonly isRemote?: boolean;
}

const justGrew = 10_000;
const grewLately = 60_000;
const askedLately = 5 * 60_000;
/** So many milliseconds between two looks at live runs, whichever they are. */
const livePollMs = 2;
/** A remote disk is asked no more often than this about a live run. */
const remotePollMs = 2_000;
const coldPolls = { minimumMs: 30_000, perRunMs: 400 } as const;

/** Whether its folder is worth a watch of its own. */
export function isLive({ status, now, grewAt }: Pick<PaceFacts, 'status' | 'now' | 'grewAt'>): boolean {
  return (status !== undefined && status !== 'queued' && isActive(status)) || now - grewAt < grewLately;
}

/** Milliseconds until the next look at a run. */
export function pollDelay(facts: PaceFacts): number {
  const { status, now, askedAt, hasClients, coldRuns, isRemote = false } = facts;
  if (isLive(facts)) return isRemote ? Math.max(remotePollMs, liveDelay(facts)) : liveDelay(facts);
  if (status === 'queued' || now - askedAt < askedLately) return hasClients ? 2_000 : 10_000;
  return Math.max(coldPolls.minimumMs, coldRuns * coldPolls.perRunMs);
}

function liveDelay({ status, now, grewAt, hasClients, liveRuns }: PaceFacts): number {
  const share = liveRuns * livePollMs;
  if (!hasClients) return Math.max(5_000, share);
  return Math.max(now - grewAt < justGrew || status === 'starting' || status === 'stopping' ? 200 : 500, share);
}
