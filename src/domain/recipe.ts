import type { ConfigField } from './config.ts';
import type { MetricDefinition } from './metricDefinition.ts';

/** What lists and forms need to know of a recipe; the recipe itself lives in src/recipes. */
export interface RecipeInfo {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly version: number;
  readonly fields: readonly ConfigField[];
  readonly metrics: readonly MetricDefinition[];
}
