import { noPositionals, parseArguments } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printJson, printTable, shortNumber, shortSize, shortTime } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard checkpoints [--run NAME] [--folder FOLDER] [--json]

Lists the checkpoints of a folder's runs, and of outputs/ckpts/<architecture>: step or epoch, size, age, best.`;

/** `trainyard checkpoints`. */
export async function runCheckpoints(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, { ...commonOptions, run: { type: 'string' } });
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const folder = folderOf(values);
  const all = await withWorker(async (worker) => {
    await worker.call('folder.open', { folder, trusted: true });
    return (await worker.call('checkpoints.list', { folder })).checkpoints;
  });
  const { run } = values;
  const checkpoints = all.filter(({ runName, runId }) => run === undefined || runName === run || runId === run);
  if (values.json === true) printJson({ checkpoints });
  else if (checkpoints.length === 0) print(`There are no checkpoints in ${folder}.`);
  else {
    const rows = checkpoints.map(
      ({ architecture, runName, step, epoch, sizeBytes, modifiedAt, isLast, best, path }) => [
        architecture,
        runName ?? '',
        step === undefined ? (epoch === undefined ? '' : `epoch ${epoch}`) : String(step),
        shortSize(sizeBytes),
        shortTime(modifiedAt),
        [isLast ? 'last' : '', best === undefined ? '' : `best ${best.tag} ${shortNumber(best.value)}`]
          .filter((mark) => mark !== '')
          .join(', '),
        path,
      ],
    );
    printTable(['architecture', 'run', 'step', 'size', 'written', '', 'path'], rows);
    for (const { problem } of checkpoints) if (problem !== undefined) print(problem);
  }
  return exitCodes.done;
}
