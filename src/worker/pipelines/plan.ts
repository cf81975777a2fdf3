import { fail, ok, type Result } from '../../base/result.ts';
import type { RetryPolicy } from '../../domain/commandLaunch.ts';
import type { Pipeline, PipelineStage } from '../../domain/project.ts';

/** What a person chose. */
export interface PipelineChoice {
  readonly parameters: { readonly [name: string]: string };
  /** First stage to run; those that it does not need to wait for any more are taken as done. */
  readonly from?: string;
  /** Only this stage, with its dry arguments. */
  readonly dry?: string;
  /** For stages for which trainyard.yaml names no policy. */
  readonly retry?: RetryPolicy;
}

/** A stage with everything replaced that stands in braces. */
export interface PlannedStage {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env: { readonly [name: string]: string };
  /** Stages that must have ended well. */
  readonly needs: readonly string[];
  readonly target?: string;
  readonly produces: readonly string[];
  readonly consumes: readonly string[];
  readonly retry?: RetryPolicy;
  /** Not run: it was done before. */
  readonly isSkipped: boolean;
}

export interface PipelinePlan {
  readonly stages: readonly PlannedStage[];
  readonly parameters: { readonly [name: string]: string };
}

/** Decides which stages run, with which commands. The message of a failure names everything that is wrong. */
export function planPipeline(pipeline: Pipeline, choice: PipelineChoice): Result<PipelinePlan, 'bad-argument'> {
  const parameters = { ...pipeline.parameters, ...choice.parameters };
  const problems = [
    ...Object.keys(choice.parameters)
      .filter((name) => !Object.hasOwn(pipeline.parameters, name))
      .map((name) => `${pipeline.name} has no parameter "${name}".`),
    ...[choice.from, choice.dry]
      .filter((name) => name !== undefined && !pipeline.stages.some((stage) => stage.name === name))
      .map((name) => `${pipeline.name} has no stage "${name}".`),
    ...orderProblems(pipeline),
  ];
  const dry = pipeline.stages.find(({ name }) => name === choice.dry);
  if (dry !== undefined && dry.dry === undefined)
    problems.push(`The stage "${dry.name}" does not say how to run it dry: give it "dry" arguments in trainyard.yaml.`);
  const first = choice.from === undefined ? 0 : pipeline.stages.findIndex(({ name }) => name === choice.from);
  const chosen = (stage: PipelineStage, index: number) => (dry === undefined ? index >= first : stage === dry);
  const running = new Set(pipeline.stages.filter(chosen).map(({ name }) => name));
  const others = pipeline.retry ?? choice.retry;
  const stages = pipeline.stages.map((stage) => ({
    ...planStage(stage, parameters, running, dry === stage, problems),
    ...withRetry(stage.retry ?? others),
  }));
  return problems.length === 0 ? ok({ stages, parameters }) : fail('bad-argument', [...new Set(problems)].join(' '));
}

function withRetry(retry: RetryPolicy | undefined): { readonly retry?: RetryPolicy } {
  return retry === undefined ? {} : { retry };
}

function planStage(
  stage: PipelineStage,
  parameters: { readonly [name: string]: string },
  running: ReadonlySet<string>,
  isDry: boolean,
  problems: string[],
): PlannedStage {
  const isSkipped = !running.has(stage.name);
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (braces, name: string) => {
      const value = parameters[name];
      if (value === undefined) return braces;
      if (value === '' && !isSkipped) problems.push(`The parameter "${name}" is needed by the stage "${stage.name}".`);
      return value;
    });
  return {
    name: stage.name,
    command: [...stage.command, ...(isDry ? (stage.dry ?? []) : [])].map(fill),
    ...(stage.cwd === undefined ? {} : { cwd: fill(stage.cwd) }),
    env: Object.fromEntries(Object.entries(stage.env ?? {}).map(([name, value]) => [name, fill(value)])),
    needs: stage.needs.filter((name) => running.has(name)),
    ...(stage.target === undefined ? {} : { target: stage.target }),
    produces: stage.produces.map(fill),
    consumes: stage.consumes.map(fill),
    isSkipped,
  };
}

/** Stages may need only those above them: so there is never a circle, and the file reads in the order of time. */
function orderProblems({ name, stages }: Pipeline): readonly string[] {
  const above = new Set<string>();
  const problems: string[] = [];
  for (const stage of stages) {
    for (const needed of stage.needs)
      if (!above.has(needed))
        problems.push(`"${stage.name}" of ${name} needs "${needed}", which is no stage above it.`);
    if (above.has(stage.name)) problems.push(`${name} has two stages "${stage.name}".`);
    above.add(stage.name);
  }
  return problems;
}
