import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type RetryPolicy, usualRetry } from '../../domain/commandLaunch.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import type { NamedEntry, Pipeline, PipelineStage, ProjectFile } from '../../domain/project.ts';
import type { NamedTarget, TargetSettings } from '../../domain/target.ts';
import { type Place, ShapeReader } from './readShape.ts';
import { projectShape } from './shape.ts';

/** Names under which the file is looked for, in this order. */
export const projectFileNames = ['trainyard.yaml', 'trainyard.yml'] as const;
const maxBytes = 1_000_000;

const nothing: ProjectFile = { entries: [], targets: [], pipelines: [], registries: [], metrics: [], problems: [] };

/** `trainyard.yaml` of a folder; everything empty where there is none. Never throws: what is wrong becomes a sentence with its line. */
export async function readProjectFile(folder: string): Promise<ProjectFile> {
  for (const name of projectFileNames) {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || !found.isFile()) continue;
    if (found.size > maxBytes) return { ...nothing, problems: [`${name} is larger than a megabyte and was not read.`] };
    try {
      return parseProject(await readFile(file, 'utf8'), folder, name);
    } catch (error) {
      return { ...nothing, problems: [`${name} cannot be read: ${(error as Error).message}`] };
    }
  }
  return nothing;
}

/** The parts of the text of a `trainyard.yaml`. */
export function parseProject(text: string, folder: string, name: string = projectFileNames[0]): ProjectFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, logLevel: 'silent' });
  const reader = new ShapeReader(counter, name);
  for (const { message, pos } of [...document.errors, ...document.warnings])
    reader.complain({ range: pos }, `${message.split('\n')[0]!.replace(/ at line \d+.*/, '')}.`);
  const isEmpty = document.contents === null;
  const tree = isEmpty ? {} : ((reader.read(document.contents, projectShape, '') ?? {}) as Tree);
  return {
    entries: named(tree.entries).map(([entry, value]) => toEntry(entry, value, reader)),
    targets: named(tree.targets).map(([target, settings]) => toTarget(target, settings)),
    pipelines: named(tree.pipelines).map(([pipeline, value]) => toPipeline(pipeline, value, reader)),
    registries: (tree.registries ?? []).map((file) => path.resolve(folder, file)),
    metrics: (tree.metrics ?? []).map(toMetric),
    problems: reader.problems,
  };
}

/** The tree as `projectShape` lets it be. */
interface Tree {
  readonly entries?: { readonly [name: string]: JsonObject };
  readonly targets?: { readonly [name: string]: JsonObject };
  readonly pipelines?: { readonly [name: string]: PipelineTree };
  readonly registries?: readonly string[];
  readonly metrics?: readonly (Partial<MetricDefinition> & { readonly tag: string })[];
}

type RetryTree = Pick<RetryPolicy, 'attempts'> & Partial<RetryPolicy>;

interface PipelineTree {
  readonly parameters?: { readonly [name: string]: string };
  readonly retry?: RetryTree;
  readonly stages: readonly (Partial<Omit<PipelineStage, 'retry'>> & {
    readonly name: string;
    readonly command: readonly string[];
    readonly retry?: RetryTree;
  })[];
}

function named<T>(map: { readonly [name: string]: T } | undefined): [string, T][] {
  return Object.entries(map ?? {});
}

function toEntry(name: string, value: JsonObject, place: Place): NamedEntry {
  const line = place.lineOf(`entries.${name}`);
  return { name, ...(value as unknown as Omit<NamedEntry, 'name'>), ...(line === undefined ? {} : { line }) };
}

function toTarget(name: string, settings: JsonObject): NamedTarget {
  return { name, settings: settings as unknown as TargetSettings };
}

function toPipeline(name: string, { parameters = {}, stages, retry }: PipelineTree, reader: ShapeReader): Pipeline {
  const names = stages.map((stage) => stage.name);
  const complete = stages.map((stage, index): PipelineStage => {
    const above = names.slice(0, index);
    const complain = (message: string): void => reader.complainAt(`pipelines.${name}.stages[${index}]`, message);
    if (above.includes(stage.name)) complain(`${name} has two stages named ${stage.name}.`);
    for (const need of stage.needs ?? [])
      if (!above.includes(need)) complain(`Stage ${stage.name} needs ${need}, but there is no such stage above it.`);
    const { retry: own, ...rest } = stage;
    return { produces: [], consumes: [], ...rest, ...toRetry(own), needs: stage.needs ?? above.slice(-1) };
  });
  for (const parameter of missingParameters(complete, parameters))
    reader.complainAt(`pipelines.${name}`, `${name} uses {${parameter}}, which is not among its parameters.`);
  return { name, stages: complete, parameters, ...toRetry(retry) };
}

function toRetry(retry: RetryTree | undefined): { readonly retry?: RetryPolicy } {
  return retry === undefined ? {} : { retry: { ...usualRetry, ...retry } };
}

function missingParameters(
  stages: readonly PipelineStage[],
  parameters: { readonly [name: string]: string },
): readonly string[] {
  const used = stages.flatMap((stage) =>
    [...stage.command, ...stage.produces, ...stage.consumes].flatMap(placeholders),
  );
  return [...new Set(used)].filter((name) => !Object.hasOwn(parameters, name));
}

function placeholders(word: string): readonly string[] {
  return [...word.matchAll(/\{([A-Za-z_][\w-]*)\}/g)].map((match) => match[1]!);
}

function toMetric(metric: Partial<MetricDefinition> & { readonly tag: string }): MetricDefinition {
  return { title: metric.tag, unit: '', direction: 'none', version: 1, description: '', ...metric };
}
