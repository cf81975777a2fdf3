import type { RunId } from '../../domain/ids.ts';
import type { Pipeline, PipelineRun } from '../../domain/project.ts';
import { count, formatAge } from '../ui/numbers.ts';

export interface PipelineNode {
  readonly kind: 'pipeline';
  readonly folder: string;
  /** Absent where the file does not name it any more, but runs of it are there. */
  readonly pipeline?: Pipeline;
  readonly name: string;
  readonly runs: readonly PipelineRun[];
}

export interface PipelineRunNode {
  readonly kind: 'pipelineRun';
  readonly run: PipelineRun;
}

export interface StageNode {
  readonly kind: 'stage';
  readonly run: PipelineRun;
  readonly stage: PipelineRun['stages'][number];
  /** The stage's run, so that a run's commands work on the row. */
  readonly runId?: RunId;
}

export type PipelinesNode = PipelineNode | PipelineRunNode | StageNode;
export type StageState = PipelineRun['stages'][number]['state'];

export const stageLooks: {
  readonly [S in StageState]: { readonly icon: string; readonly color?: string; readonly word: string };
} = {
  waiting: { icon: 'clock', word: 'waiting' },
  running: { icon: 'sync~spin', color: 'charts.blue', word: 'running' },
  done: { icon: 'pass', color: 'testing.iconPassed', word: 'done' },
  failed: { icon: 'error', color: 'testing.iconFailed', word: 'failed' },
  skipped: { icon: 'circle-slash', word: 'skipped' },
};

/** The pipelines of a folder with their runs, the latest run first. */
export function collectPipelines(
  folder: string,
  pipelines: readonly Pipeline[],
  runs: readonly PipelineRun[],
): readonly PipelineNode[] {
  const names = new Set([...pipelines.map(({ name }) => name), ...runs.map(({ pipeline }) => pipeline)]);
  return [...names].map((name) => {
    const pipeline = pipelines.find((one) => one.name === name);
    const own = runs.filter((run) => run.pipeline === name).sort((a, b) => b.createdAt - a.createdAt);
    return { kind: 'pipeline', folder, name, runs: own, ...(pipeline === undefined ? {} : { pipeline }) };
  });
}

export function pipelineChildren(node: PipelinesNode): readonly PipelinesNode[] {
  if (node.kind === 'pipeline') return node.runs.map((run) => ({ kind: 'pipelineRun', run }));
  if (node.kind === 'stage') return [];
  return node.run.stages.map((stage) => ({
    kind: 'stage',
    run: node.run,
    stage,
    ...(stage.runId === undefined ? {} : { runId: stage.runId as RunId }),
  }));
}

/** "preprocess running · 2/4 done · 3 min ago". */
export function describePipelineRun({ stages, createdAt }: PipelineRun, now: number): string {
  const counted = stages.filter(({ state }) => state !== 'skipped');
  const done = counted.filter(({ state }) => state === 'done').length;
  const current = stages.find(({ state }) => state === 'failed') ?? stages.find(({ state }) => state === 'running');
  const word = current === undefined ? '' : `${current.name} ${stageLooks[current.state].word}`;
  return [word, `${done}/${counted.length} done`, formatAge(createdAt, now)].filter(Boolean).join(' · ');
}

/** The state that stands for the whole run. */
export function pipelineRunState({ stages }: PipelineRun): StageState {
  for (const state of ['failed', 'running', 'waiting'] as const) {
    if (stages.some((stage) => stage.state === state)) return state;
  }
  return 'done';
}

/** "run_name=exp1 dataset=routing". */
export function describeParameters(parameters: PipelineRun['parameters']): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Stages with their artifacts as the tooltip tells. */
export function stageTooltip({ stage }: StageNode): string {
  const made = stage.artifacts.map(({ path, sha256 }) => `${path} sha256:${sha256.slice(0, 16)}…`);
  const head = `${stage.name}: ${stageLooks[stage.state].word}`;
  return [head, made.length === 0 ? '' : `Made ${count(made.length, 'artifact')}:`, ...made].filter(Boolean).join('\n');
}

/** Why the text cannot be a parameter's value, or undefined. Arguments are handed on as they are, so almost everything can. */
export function parameterProblem(name: string, text: string): string | undefined {
  return text === '' ? `Type a value for ${name}.` : undefined;
}
