import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { Pipeline } from '../../domain/project.ts';
import type { NamedTarget } from '../../domain/target.ts';
import type { App } from '../app.ts';
import { chooseFolder, demandTrust } from '../folders.ts';
import { targetStep } from '../launch/targetStep.ts';
import { endWith, pickStep, runSteps, type Step, type StepPlace, textStep } from '../launch/wizard.ts';
import { describeParameters, type PipelinesNode, parameterProblem } from './model.ts';

type Args = readonly unknown[];

interface Plan {
  readonly app: App;
  readonly folder: string;
  readonly pipeline: Pipeline;
  parameters: { readonly [name: string]: string };
  targets: readonly NamedTarget[];
  target: string;
  readonly from?: string;
  readonly dry?: string;
}

/** Launches a pipeline of trainyard.yaml, asking for its parameters. */
export async function launchPipeline(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const node = nodeOf(args);
  if (node?.kind === 'pipeline' && node.pipeline !== undefined)
    return await launchPipelineOf(app, node.folder, node.pipeline);
  const folder = await chooseFolder();
  if (folder === undefined) return undefined;
  const pipelines = await pipelinesOf(app, folder);
  if (pipelines.length === 0) {
    throw new AppError('not-found', 'No pipeline is named in trainyard.yaml.', {
      hint: 'Name its stages under "pipelines:"; "Create trainyard.yaml" shows how.',
    });
  }
  const items = pipelines.map((pipeline) => ({
    label: pipeline.name,
    description: pipeline.stages.map(({ name }) => name).join(' → '),
    pipeline,
  }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Launch Pipeline', placeHolder: 'Pipeline' });
  return picked === undefined ? undefined : await launchPipelineOf(app, folder, picked.pipeline);
}

export async function launchPipelineOf(app: App, folder: string, pipeline: Pipeline): Promise<string | undefined> {
  return await ask(app, { folder, pipeline, parameters: pipeline.parameters });
}

/** Launches a pipeline again from a stage; those before it are taken as done. */
export async function rerunFromStage(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const node = nodeOf(args);
  if (node?.kind !== 'stage') throw new AppError('bad-argument', 'Choose a stage in the Pipelines view.');
  const { run, stage } = node;
  const pipeline = await pipelineNamed(app, run.folder, run.pipeline);
  return await ask(app, { folder: run.folder, pipeline, parameters: run.parameters, from: stage.name });
}

/** Runs one stage alone with its dry arguments. */
export async function dryRunStage(app: App, ...args: Args): Promise<string | undefined> {
  demandTrust();
  const node = nodeOf(args);
  const folder =
    node?.kind === 'stage' ? node.run.folder : node?.kind === 'pipeline' ? node.folder : await chooseFolder();
  if (folder === undefined) return undefined;
  const pipeline =
    node?.kind === 'stage'
      ? await pipelineNamed(app, folder, node.run.pipeline)
      : node?.kind === 'pipeline' && node.pipeline !== undefined
        ? node.pipeline
        : await pickPipeline(app, folder);
  if (pipeline === undefined) return undefined;
  const stage = node?.kind === 'stage' ? node.stage.name : await pickDryStage(pipeline);
  if (stage === undefined) return undefined;
  const parameters = node?.kind === 'stage' ? node.run.parameters : pipeline.parameters;
  return await ask(app, { folder, pipeline, parameters, dry: stage });
}

async function ask(
  app: App,
  given: Pick<Plan, 'folder' | 'pipeline' | 'parameters' | 'from' | 'dry'>,
): Promise<string | undefined> {
  const { targets } = await app.worker.call('targets.list', { folder: given.folder });
  const plan: Plan = { ...given, app, targets, target: 'local' };
  const { pipeline, from, dry } = given;
  const what =
    dry !== undefined ? `Dry Run of ${dry}` : from !== undefined ? `${pipeline.name} From ${from}` : pipeline.name;
  const questions = Object.keys(pipeline.parameters).map(parameterStep);
  const end = await runSteps(plan, [...questions, whereStep, confirmStep], { title: `Launch Pipeline: ${what}` });
  if (end !== 'done') return undefined;
  const { pipelineRun } = await app.worker.call('pipelines.launch', {
    requestId: crypto.randomUUID(),
    folder: plan.folder,
    pipeline: pipeline.name,
    parameters: plan.parameters,
    target: { name: plan.target },
    ...(from === undefined ? {} : { from }),
    ...(dry === undefined ? {} : { dry }),
  });
  const parts = await app.launching.parts();
  await parts.showPipelines();
  return pipelineRun.id;
}

function parameterStep(name: string): Step<Plan> {
  return async (plan, place) => {
    const answer = await textStep({
      place,
      prompt: `${name}: stands for {${name}} in the stages’ commands`,
      value: plan.parameters[name] ?? '',
      problem: (text) => parameterProblem(name, text),
    });
    return endWith(answer, (value) => {
      plan.parameters = { ...plan.parameters, [name]: value };
    });
  };
}

async function whereStep(plan: Plan, place: StepPlace) {
  if (plan.targets.length < 2) return 'skip';
  const { app, folder, targets, target } = plan;
  const answer = await targetStep(place, { worker: app.worker, folder, targets, current: target });
  return endWith(answer, ({ name }) => {
    plan.target = name;
  });
}

/** Nothing starts before the person has seen what will: the stages with their commands. */
async function confirmStep(plan: Plan, place: StepPlace) {
  const { pipeline, from, dry, parameters } = plan;
  const begin = from === undefined ? 0 : pipeline.stages.findIndex(({ name }) => name === from);
  const stages = pipeline.stages.filter(({ name }, index) => (dry === undefined ? index >= begin : name === dry));
  const answer = await pickStep<'start' | 'look'>({
    place,
    placeholder: `Start ${pipeline.name}?`,
    items: [
      {
        label: dry === undefined ? 'Start' : 'Start the dry run',
        description: [
          plan.target === 'local' ? 'on this machine' : `on ${plan.target}`,
          describeParameters(parameters),
        ].join(' · '),
        iconPath: new vscode.ThemeIcon('play'),
        value: 'start',
      },
      ...stages.map((stage) => ({
        label: stage.name,
        description: stage.needs.length === 0 ? '' : `after ${stage.needs.join(', ')}`,
        detail: [...stage.command, ...(dry === undefined ? [] : (stage.dry ?? []))].join(' '),
        iconPath: new vscode.ThemeIcon('git-commit'),
        value: 'look' as const,
      })),
    ],
    accept: async (choice) => choice === 'start',
  });
  return endWith(answer, () => undefined);
}

async function pipelinesOf(app: App, folder: string): Promise<readonly Pipeline[]> {
  return (await app.worker.call('entries.list', { folder })).pipelines;
}

async function pipelineNamed(app: App, folder: string, name: string): Promise<Pipeline> {
  const pipeline = (await pipelinesOf(app, folder)).find((one) => one.name === name);
  if (pipeline !== undefined) return pipeline;
  throw new AppError('not-found', `trainyard.yaml does not name the pipeline ${name} any more.`);
}

async function pickPipeline(app: App, folder: string): Promise<Pipeline | undefined> {
  const items = (await pipelinesOf(app, folder)).map((pipeline) => ({ label: pipeline.name, pipeline }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Pipeline' }))?.pipeline;
}

async function pickDryStage(pipeline: Pipeline): Promise<string | undefined> {
  const stages = pipeline.stages.filter(({ dry }) => dry !== undefined);
  if (stages.length === 0) {
    throw new AppError('not-found', `No stage of ${pipeline.name} says how it runs dry.`, {
      hint: 'Add "dry: [--dry]" to the stage in trainyard.yaml.',
    });
  }
  return await vscode.window.showQuickPick(
    stages.map(({ name }) => name),
    { placeHolder: 'Stage to run alone' },
  );
}

function nodeOf([first]: Args): PipelinesNode | undefined {
  const kind = typeof first === 'object' && first !== null ? (first as { kind?: unknown }).kind : undefined;
  return kind === 'pipeline' || kind === 'pipelineRun' || kind === 'stage' ? (first as PipelinesNode) : undefined;
}
