import type { Comparison } from './noise.ts';
import type { PeerRun } from './runs.ts';

/** What is kept of a network in `test/bench/results/curves.json`: losses are means over windows of steps. */
export interface CurveRecord {
  readonly title: string;
  /** Version of PyTorch. */
  readonly torch: string;
  readonly processor: string;
  readonly seconds: { readonly ours: number; readonly torch: number };
  readonly ours: { readonly float32: readonly number[]; readonly bfloat16?: readonly number[] };
  readonly peers: readonly { readonly run: PeerRun; readonly means: readonly number[] }[];
  readonly comparison: Comparison;
  /** The first losses of both, before noise has grown. */
  readonly first: { readonly ours: readonly number[]; readonly torch: readonly number[] };
}
