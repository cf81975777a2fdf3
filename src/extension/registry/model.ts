import type { Registry, RegistryExperiment } from '../../domain/registry.ts';
import { count } from '../ui/numbers.ts';

export interface RegistryNode {
  readonly kind: 'registry';
  readonly registry: Registry;
}

/** Experiments of one status, or failed ones of one category. */
export interface ExperimentGroupNode {
  readonly kind: 'experiments';
  readonly registry: Registry;
  readonly key: string;
  readonly title: string;
  readonly icon: string;
  readonly color?: string;
  readonly children: readonly RegistryTreeNode[];
}

export interface ExperimentNode {
  readonly kind: 'experiment';
  readonly registry: Registry;
  readonly experiment: RegistryExperiment;
}

export type RegistryTreeNode = RegistryNode | ExperimentGroupNode | ExperimentNode;

interface Look {
  readonly icon: string;
  readonly color?: string;
}

/** How each status looks, in the order of the tree: what needs a person first. */
const looks: { readonly [status: string]: Look } = {
  failed: { icon: 'error', color: 'testing.iconFailed' },
  running: { icon: 'sync', color: 'charts.blue' },
  pending: { icon: 'clock' },
  completed: { icon: 'pass', color: 'testing.iconPassed' },
};
const unknownLook: Look = { icon: 'question' };

export function lookOf({ status }: RegistryExperiment): Look {
  return looks[status] ?? unknownLook;
}

export function registryChildren(node: RegistryTreeNode): readonly RegistryTreeNode[] {
  if (node.kind === 'experiment') return [];
  if (node.kind === 'experiments') return node.children;
  return statusGroups(node.registry);
}

function statusGroups(registry: Registry): readonly ExperimentGroupNode[] {
  const byStatus = groupBy(registry.experiments, ({ status }) => status);
  const order = [...Object.keys(looks), ...[...byStatus.keys()].filter((status) => !(status in looks)).sort()];
  return order
    .filter((status) => byStatus.has(status))
    .map((status) => {
      const experiments = byStatus.get(status)!;
      const children =
        status === 'failed' ? categoryGroups(registry, experiments) : experimentNodes(registry, experiments);
      const title = status.charAt(0).toUpperCase() + status.slice(1);
      return { kind: 'experiments', registry, key: status, title, children, ...(looks[status] ?? unknownLook) };
    });
}

/** Failed experiments by the category that the registry gives them; one category alone needs no level of its own. */
function categoryGroups(registry: Registry, failed: readonly RegistryExperiment[]): readonly RegistryTreeNode[] {
  const byCategory = groupBy(failed, ({ errorCategory }) => errorCategory ?? 'unknown');
  if (byCategory.size === 1) return experimentNodes(registry, failed);
  return [...byCategory]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([category, experiments]) => ({
      kind: 'experiments',
      registry,
      key: `failed/${category}`,
      title: category,
      icon: 'bug',
      children: experimentNodes(registry, experiments),
    }));
}

function experimentNodes(registry: Registry, experiments: readonly RegistryExperiment[]): readonly ExperimentNode[] {
  return [...experiments]
    .sort(
      (a, b) =>
        (b.completedAt ?? b.startedAt ?? '').localeCompare(a.completedAt ?? a.startedAt ?? '') ||
        a.name.localeCompare(b.name),
    )
    .map((experiment) => ({ kind: 'experiment', registry, experiment }));
}

/** "3/12 completed · 2 failed · 1 marked". */
export function describeRegistry({ experiments, problems }: Registry): string {
  const of = (status: string): number => experiments.filter((one) => one.status === status).length;
  const marked = experiments.filter(({ markedForRerun }) => markedForRerun).length;
  return [
    `${of('completed')}/${experiments.length} completed`,
    of('failed') === 0 ? '' : `${of('failed')} failed`,
    of('running') === 0 ? '' : `${of('running')} running`,
    marked === 0 ? '' : `${marked} marked`,
    problems.length === 0 ? '' : count(problems.length, 'problem'),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** "marked · oom, exit code 1 · retry 2". */
export function describeExperiment(experiment: RegistryExperiment): string {
  const { markedForRerun, errorMessage, exitCode, retryCount, metrics, gpu } = experiment;
  const [metric] = Object.entries(metrics).filter(([, value]) => typeof value === 'number');
  return [
    markedForRerun ? 'marked for re-run' : '',
    errorMessage ?? '',
    exitCode === undefined || exitCode === 0 ? '' : `exit code ${exitCode}`,
    retryCount > 0 ? count(retryCount, 'retry', 'retries') : '',
    metric === undefined ? '' : `${metric[0]} ${String(metric[1])}`,
    gpu === undefined ? '' : `GPU ${gpu}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

export function experimentTooltip({
  name,
  status,
  startedAt,
  completedAt,
  errorCategory,
  resultFile,
  metrics,
}: RegistryExperiment): string {
  return [
    `${name}: ${status}`,
    errorCategory === undefined ? '' : `Category ${errorCategory}`,
    startedAt === undefined ? '' : `Started ${startedAt}`,
    completedAt === undefined ? '' : `Completed ${completedAt}`,
    resultFile === undefined ? '' : `Result ${resultFile}`,
    ...Object.entries(metrics).map(([key, value]) => `${key}: ${JSON.stringify(value)}`),
  ]
    .filter(Boolean)
    .join('\n');
}

/** Words for `when` clauses. */
export function experimentContext({ status, markedForRerun }: RegistryExperiment): string {
  return ['experiment', status.replace(/\W+/g, '-'), markedForRerun ? 'marked' : 'unmarked'].join(' ');
}

/** Experiments that a command on the rows means. */
export function experimentsOf(rows: readonly RegistryTreeNode[]): readonly ExperimentNode[] {
  const found = rows.flatMap((row): readonly ExperimentNode[] =>
    row.kind === 'experiment' ? [row] : experimentsOf(registryChildren(row)),
  );
  return [...new Map(found.map((node) => [`${node.registry.file}\0${node.experiment.name}`, node])).values()];
}

/** The line, from 0, on which the experiment's entry begins in the registry's text; undefined where it is not there. */
export function lineOfExperiment(text: string, name: string): number | undefined {
  const at = text.indexOf(`${JSON.stringify(name)}:`);
  const loose = at >= 0 ? at : text.search(new RegExp(`${escapeExpression(JSON.stringify(name))}\\s*:`));
  return loose < 0 ? undefined : text.slice(0, loose).split('\n').length - 1;
}

function escapeExpression(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
