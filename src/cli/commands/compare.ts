import { parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { findRun } from '../findRun.ts';
import { print, printJson, printNote, write } from '../output.ts';
import { withWorker } from '../workerConnection.ts';
import { commonOptions, folderOf, printHelp } from './common.ts';

const help = `trainyard compare LEFT RIGHT [--what config|code|environment] [--folder FOLDER] [--json]

Shows what differs between two runs: lines of their configurations (the default) or environments that only one
of them has, or their code as a patch, uncommitted changes and untracked files included.

Exit code: 0, whether or not they differ.`;

const kinds = ['config', 'code', 'environment'] as const;
type Kind = (typeof kinds)[number];

/** `trainyard compare LEFT RIGHT`. */
export async function runCompare(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, {
    ...commonOptions,
    what: { type: 'string', default: 'config' },
  });
  if (values.help === true) return printHelp(help);
  const [left, right, stray] = positionals;
  if (left === undefined || right === undefined) throw new UsageError('Give the names or ids of two runs.');
  if (stray !== undefined) throw new UsageError(`"${stray}" is one argument too many.`);
  const what = kinds.find((kind) => kind === values.what);
  if (what === undefined) throw new UsageError(`--what takes ${kinds.join(', ')}, not "${values.what}".`);
  return withWorker(async (worker) => {
    const folder = folderOf(values);
    const [from, to] = [await findRun(worker, folder, left), await findRun(worker, folder, right)];
    const compared = await worker.call('runs.compare', { left: from.id, right: to.id, what });
    if (values.json === true) printJson(compared);
    else show(what, compared.left, compared.right);
    for (const remark of compared.remarks) if (values.json !== true) printNote(remark);
    return exitCodes.done;
  });
}

function show(what: Kind, left: string, right: string): void {
  if (what === 'code') {
    write(right);
    return;
  }
  const [before, after] = [left.split('\n'), right.split('\n')];
  const lines = [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
  print(lines.length === 0 ? 'They are the same.' : lines.join('\n'));
}
