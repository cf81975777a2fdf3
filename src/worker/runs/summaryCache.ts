import type { RunId } from '../../domain/ids.ts';
import type { RunSummary } from '../../domain/run.ts';
import { EncodedList, encodeMessage } from '../../protocol/codec.ts';
import type { Marks } from '../../store/markTable.ts';
import type { LiveRun } from './liveRun.ts';
import { type JobFacts, summaryOf } from './summary.ts';

interface Kept {
  /** What the summary was made of. All of these are replaced when they change, never changed in place. */
  readonly sources: readonly unknown[];
  readonly summary: RunSummary;
  bytes: Uint8Array | undefined;
}

/** Summaries of runs, and their bytes on the wire, for as long as nothing of what they are made of has changed: of ten thousand runs few are alive. */
export class SummaryCache {
  readonly #kept = new Map<RunId, Kept>();

  summary(run: LiveRun, marks: Marks, jobFacts: JobFacts | undefined): RunSummary {
    const sources = [run.found, run.facts, run.glance, marks, jobFacts?.job, jobFacts?.stopAsked, jobFacts?.ending];
    const kept = this.#kept.get(run.id);
    if (kept?.sources.every((source, index) => source === sources[index])) return kept.summary;
    const summary = summaryOf(run, marks, jobFacts);
    this.#kept.set(run.id, { sources, summary, bytes: undefined });
    return summary;
  }

  /** The summaries as a list for a message. Those that this cache gave and still keeps are encoded once. */
  encoded(summaries: readonly RunSummary[]): readonly RunSummary[] {
    const list = new EncodedList(summaries.map((summary) => this.#bytes(summary)));
    // It arrives as the array that the protocol names.
    return list as unknown as readonly RunSummary[];
  }

  drop(runId: RunId): void {
    this.#kept.delete(runId);
  }

  #bytes(summary: RunSummary): Uint8Array {
    const kept = this.#kept.get(summary.id);
    if (kept?.summary !== summary) return encodeMessage(summary);
    kept.bytes ??= encodeMessage(summary);
    return kept.bytes;
  }
}
