import path from 'node:path';
import { AppError } from '../../base/errors.ts';
import type { WorkerLink } from '../../client/index.ts';
import type { Registry } from '../../domain/registry.ts';
import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printNote, printTable } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard registry [--status STATUS] [--file FILE] [--folder FOLDER] [--json]
trainyard registry mark|unmark EXPERIMENT … [--file FILE] [--json]
trainyard registry mark-all-failed|rebuild [--file FILE] [--json]

Lists the experiments of a registry (runs/experiment_registry.json, or those that trainyard.yaml names), marks
them for another run, or builds the registry again from the result files. The repository's own scripts may work
on the file at the same time: changes are made under its lock.`;

const options = { ...commonOptions, file: { type: 'string' }, status: { type: 'string' } } as const;

const changes = ['mark', 'unmark', 'mark-all-failed', 'rebuild'] as const;

/** `trainyard registry [ACTION …]`. */
export async function runRegistry(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  const [action, ...experiments] = positionals;
  const change = changes.find((name) => name === action);
  if (action !== undefined && change === undefined)
    throw new UsageError(`There is no action "${action}". There are ${changes.join(', ')}.`);
  if ((change === 'mark' || change === 'unmark') && experiments.length === 0)
    throw new UsageError(`Give the names of experiments to ${change}.`);
  const folder = folderOf(values);
  return withWorker(async (worker) => {
    const registries = await read(worker, folder, values.file);
    if (change === undefined) {
      const shown = registries.map((registry) => withStatus(registry, values.status));
      if (values.json === true) printJson({ registries: shown });
      else for (const registry of shown) printRegistry(registry);
      return exitCodes.done;
    }
    const { registry, changed } = await worker.call('registry.change', {
      file: onlyFile(registries),
      change,
      ...(experiments.length === 0 ? {} : { experiments }),
    });
    if (values.json === true) printJson({ registry, changed });
    else print(changed.length === 0 ? 'Nothing had to be changed.' : `Changed: ${changed.join(', ')}.`);
    return exitCodes.done;
  });
}

async function read(worker: WorkerLink, folder: string, file: string | undefined): Promise<readonly Registry[]> {
  await worker.call('folder.open', { folder, trusted: true });
  const chosen = file === undefined ? {} : { file: path.resolve(file) };
  const { registries } = await worker.call('registry.read', { folder, ...chosen });
  if (registries.length > 0) return registries;
  throw new AppError('not-found', `There is no registry of experiments in ${folder}.`, {
    hint: 'It is looked for at runs/experiment_registry.json; trainyard.yaml or --file names another place.',
  });
}

function onlyFile(registries: readonly Registry[]): string {
  const [first, second] = registries;
  if (second === undefined) return first!.file;
  throw new AppError('conflict', 'The folder has several registries.', {
    hint: `Say which with --file: ${registries.map(({ file }) => file).join(', ')}.`,
  });
}

function withStatus(registry: Registry, status: string | undefined): Registry {
  const { experiments } = registry;
  return status === undefined
    ? registry
    : { ...registry, experiments: experiments.filter((each) => each.status === status) };
}

function printRegistry({ file, experiments, problems }: Registry): void {
  print(file);
  printTable(
    ['experiment', 'status', 'category', 'exit', 'retries', 'marked', 'completed', 'error'],
    experiments.map((each) => [
      each.name,
      each.status,
      each.errorCategory ?? '',
      each.exitCode === undefined ? '' : String(each.exitCode),
      String(each.retryCount),
      each.markedForRerun ? 'yes' : '',
      each.completedAt ?? '',
      (each.errorMessage ?? '').replace(/\s+/g, ' ').slice(0, 80),
    ]),
  );
  for (const problem of problems) printNote(problem);
}
