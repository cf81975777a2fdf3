import type { PollResult } from '../../domain/records.ts';
import type { RunSource } from '../../domain/run.ts';

/** Loggers to which the Trainer of Hugging Face gives its figures under other names (transformers/integrations/integration_utils.py, rewrite_logs). */
const rewritten: ReadonlySet<RunSource> = new Set(['tensorboard', 'wandb', 'trackio']);

/** The name under which a figure of the Trainer's own log stands in those loggers. */
export function trainerTag(tag: string): string {
  if (tag.startsWith('eval_')) return `eval/${tag.slice('eval_'.length)}`;
  if (tag.startsWith('test_')) return `test/${tag.slice('test_'.length)}`;
  return `train/${tag}`;
}

/** Whether the Trainer's own log is read beside one of those loggers, so that its figures take their names and meet. */
export function sharesNames(source: RunSource, sources: readonly RunSource[]): boolean {
  return source === 'hf-trainer' && sources.some((other) => rewritten.has(other));
}

export function withTrainerTags(poll: PollResult): PollResult {
  const scalars = poll.scalars.map((batch) => ({ ...batch, tag: trainerTag(batch.tag) }));
  const { definitions } = poll.facts;
  if (definitions === undefined) return { ...poll, scalars };
  const named = definitions.map((definition) => ({ ...definition, tag: trainerTag(definition.tag) }));
  return { ...poll, scalars, facts: { ...poll.facts, definitions: named } };
}
