/** Which way a metric gets better; `none` where neither is meant (a learning rate). */
export type Direction = 'minimize' | 'maximize' | 'none';

/**
 * What a metric means. Definitions are schema: a change of meaning is a new version, and runs of different versions are not silently compared.
 * `tag` is the name of the series in the log, for instance `train/loss`.
 */
export interface MetricDefinition {
  readonly tag: string;
  readonly title: string;
  /** Unit of the value, SI where there is one; '' for a pure number. */
  readonly unit: string;
  readonly direction: Direction;
  readonly version: number;
  readonly description: string;
  /** Shown first: in the tree, in the log entry. At most a few per recipe. */
  readonly primary?: boolean;
}
