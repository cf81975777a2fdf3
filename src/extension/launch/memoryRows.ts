import { describeEstimate, type MemoryEstimate, memoryAdvice } from '../../domain/memoryEstimate.ts';

/** A row of the last step of a launch that tells of memory. */
export interface MemoryRow {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
  /** Name of a codicon. */
  readonly icon: string;
  /** `memory` is only to be read; a batch is to be taken instead of the one that was asked for. */
  readonly value: 'memory' | { readonly batch: number };
}

const icons = { fits: 'check', doubtful: 'warning', 'too-large': 'error' } as const;

/** What a run would need beside what can be had, and where that may not be enough, the batch that would fit as a row to choose. */
export function memoryRows(estimate: MemoryEstimate): readonly MemoryRow[] {
  const { verdict, device, batchSize, fittingBatch } = estimate;
  const advice = memoryAdvice(estimate);
  const told: MemoryRow = {
    label: 'Memory',
    description: describeEstimate(estimate),
    detail: [
      `On ${device}, in batches of ${batchSize}.`,
      ...(fittingBatch === undefined && advice !== undefined ? [advice] : []),
    ].join(' '),
    icon: icons[verdict],
    value: 'memory',
  };
  if (fittingBatch === undefined) return [told];
  const smaller: MemoryRow = {
    label: `Use batchSize=${fittingBatch}`,
    description: 'which would fit',
    icon: 'lightbulb',
    value: { batch: fittingBatch },
  };
  return [told, smaller];
}
