import type { JobId } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { cancelledFollowers } from './dependencies.ts';
import type { GpuFacts } from './gpuFacts.ts';
import type { JobBoard } from './jobBoard.ts';
import { type Plan, type PlanFacts, planOf, reasonOf } from './plan.ts';
import { launch, type Queue } from './queue.ts';

/** A thousand jobs that may start at once are started over some ticks, so that the machine and the clusters can follow. */
const startsPerTick = 16;

export interface RoundsOptions {
  readonly board: JobBoard;
  readonly now: () => number;
  readonly gpus?: (() => readonly GpuFacts[] | undefined) | undefined;
  readonly isRetryDue?: ((job: Job) => boolean) | undefined;
}

/** A round that was decided and is on disk: jobs that are to be begun now. */
export interface Round {
  readonly starts: readonly JobId[];
  readonly isChanged: boolean;
  readonly plan: Plan;
  readonly facts: PlanFacts;
}

/** How a round left everything. */
interface LastRound {
  readonly queue: Queue;
  readonly gpus: readonly GpuFacts[] | undefined;
  readonly wakeAt: number;
  readonly wantsGpus: boolean;
}

/** The rounds of the queue: each decides once what starts and who is given up, as one transaction. */
export class Rounds {
  readonly #options: RoundsOptions;
  #last: LastRound | undefined;

  constructor(options: RoundsOptions) {
    this.#options = options;
    const { board } = options;
    board.retell(planOf(board.queue, this.#facts()).changed);
  }

  /** Something that no fact shows has changed: the next round is made in any case. */
  forget(): void {
    this.#last = undefined;
  }

  /** Decides a round and writes it; undefined where the last one left nothing to do, and neither the queue, the GPUs nor the time has changed that. */
  next(): Round | undefined {
    const facts = this.#facts();
    if (this.#isSettled(facts)) return undefined;
    const { board, isRetryDue } = this.#options;
    for (const job of cancelledFollowers(board.queue, facts.now, facts.find, isRetryDue)) board.put(job);
    const plan = planOf(board.queue, facts, startsPerTick);
    const starts = plan.starts.slice(0, startsPerTick);
    for (const { job, assigned } of starts) board.apply(launch([job], job.id, assigned));
    return { starts: starts.map(({ job }) => job.id), isChanged: board.commit(), plan, facts };
  }

  /** Says the reasons once per round, and never writes them: they follow from the rest. Gives whether there is anything to tell of the round. */
  close({ plan, facts, isChanged }: Round): boolean {
    const { board } = this.#options;
    const begun = board.started.filter((job) => reasonOf(job) !== job.reason);
    const told = [
      ...plan.changed.filter(({ id, state }) => board.find(id)?.state === state),
      ...begun.map((job) => ({ ...job, reason: reasonOf(job) })),
    ];
    board.retell(told);
    this.#last = {
      queue: board.queue,
      gpus: facts.gpus,
      // What may start and was put off goes on at the next tick.
      wakeAt: plan.starts.length > startsPerTick ? 0 : plan.wakeAt,
      wantsGpus: plan.wantsGpus,
    };
    return isChanged || told.length > 0;
  }

  #isSettled({ now, gpus }: PlanFacts): boolean {
    const last = this.#last;
    return last !== undefined && last.queue === this.#options.board.queue && last.gpus === gpus && now < last.wakeAt;
  }

  #facts(): PlanFacts {
    const { board, now, gpus } = this.#options;
    const wantsGpus = this.#last?.queue === board.queue ? this.#last.wantsGpus : doesWantGpus(board.queue);
    return {
      now: now(),
      gpus: wantsGpus ? gpus?.() : undefined,
      find: (id) => board.find(id),
      started: board.started,
    };
  }
}

function doesWantGpus(queue: Queue): boolean {
  return queue.some((job) => job.state === 'waiting' && (job.gpus ?? 0) > 0);
}
