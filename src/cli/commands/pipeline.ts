import { randomUUID } from 'node:crypto';
import type { PipelineRun } from '../../domain/project.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printTable, shortTime } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { retryOf, targetOf } from './commandOptions.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard pipeline [--folder FOLDER] [--json]
trainyard pipeline launch NAME [parameter=value …] [--from STAGE] [--dry STAGE] [--retry N] [--target NAME] [--json]

Lists the pipelines that were launched with their stages, or launches one of trainyard.yaml: each stage is a run
that starts when those before it have ended well. --from begins at a stage and takes those before it as done;
--dry runs one stage alone, without going on. --retry tries stages again so many times after running out of time,
pre-emption or a lost node, where trainyard.yaml says nothing else.`;

const options = {
  ...commonOptions,
  from: { type: 'string' },
  dry: { type: 'string' },
  retry: { type: 'string' },
  target: { type: 'string' },
  preset: { type: 'string' },
  set: { type: 'string', multiple: true },
  'request-id': { type: 'string' },
} as const;

/** `trainyard pipeline [launch NAME]`. */
export async function runPipeline(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const [action = 'list', name, ...assignments] = positionals;
  if (action !== 'list' && action !== 'launch')
    throw new UsageError(`There is no action "${action}". There are list, launch.`);
  if (action === 'launch' && name === undefined) throw new UsageError('Give the name of a pipeline.');
  const folder = folderOf(values);
  const parameters = Object.fromEntries(assignments.map(assignment));
  return withWorker(async (worker) => {
    if (action === 'list') {
      const listed = await worker.call('pipelines.list', { folder });
      if (values.json === true) printJson(listed);
      else for (const run of listed.pipelineRuns) printRun(run);
      return exitCodes.done;
    }
    const { pipelineRun } = await worker.call('pipelines.launch', {
      requestId: values['request-id'] ?? randomUUID(),
      folder,
      pipeline: name!,
      parameters,
      target: targetOf(values),
      ...(values.from === undefined ? {} : { from: values.from }),
      ...(values.dry === undefined ? {} : { dry: values.dry }),
      ...(values.retry === undefined ? {} : { retry: retryOf(values.retry) }),
    });
    if (values.json === true) printJson({ pipelineRun });
    else printRun(pipelineRun);
    return exitCodes.done;
  });
}

function assignment(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new UsageError(`"${text}" is no parameter. Write name=value.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function printRun({ pipeline, id, createdAt, stages }: PipelineRun): void {
  print(`${pipeline}  ${shortTime(createdAt)}  ${id}`);
  printTable(
    ['  stage', 'state', 'run', 'made'],
    stages.map(({ name, state, runId, artifacts }) => [
      `  ${name}`,
      state,
      runId ?? '',
      artifacts.map(({ path, sha256 }) => `${path} sha256:${sha256.slice(0, 12)}`).join(', '),
    ]),
  );
}
