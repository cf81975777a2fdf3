import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../base/errors.ts';
import type { CheckpointAnswers, CheckpointUse } from '../domain/checkpointUse.ts';
import { runFiles } from '../domain/runDirectory.ts';
import type { Installation } from './installation.ts';

type TrainerProgram = Pick<Installation, 'node' | 'nodeArguments' | 'trainyard' | 'env'>;

const maxOutputBytes = 16_000_000;

/**
 * Uses a checkpoint of Trainyard in a process of its own (`trainyard eval|sample|export --json`), since it opens data and computes for a while. `signal` ends
 * it. Throws `not-found`, `cancelled`, and `bad-file` with the sentence of the trainer.
 */
export async function useCheckpoint<U extends CheckpointUse>(
  installation: TrainerProgram,
  checkpoint: string,
  use: U,
  signal: AbortSignal,
): Promise<CheckpointAnswers[U['kind']]> {
  if (!existsSync(checkpoint)) {
    throw new AppError('not-found', `There is no checkpoint ${checkpoint} any more.`, { hint: 'Refresh the view.' });
  }
  const { node, nodeArguments, trainyard, env } = installation;
  const args = [...nodeArguments, trainyard, use.kind, checkpoint, '--json', ...optionsOf(checkpoint, use)];
  const options = { signal, maxBuffer: maxOutputBytes, env: { ...process.env, ...env } };
  return await new Promise((resolve, reject) => {
    execFile(node, args, options, (_error, stdout, stderr) => {
      if (signal.aborted) reject(new AppError('cancelled', 'It was cancelled.'));
      // Where the data are gone, eval tells so in its answer and with exit code 1.
      else if (stdout.trimStart().startsWith('{')) resolve(JSON.parse(stdout) as CheckpointAnswers[U['kind']]);
      else reject(new AppError('bad-file', complaintOf(stderr)));
    });
  });
}

function optionsOf(checkpoint: string, use: CheckpointUse): readonly string[] {
  if (use.kind === 'eval') return [];
  const stem = path.basename(checkpoint, path.extname(checkpoint));
  if (use.kind === 'export') return ['--out', path.join(folderFor(checkpoint, 'exported'), `${stem}.onnx`)];
  const seed = use.seed === undefined ? [] : ['--seed', String(use.seed)];
  return ['--folder', folderFor(checkpoint, 'drawn'), ...seed];
}

/** Beside the run's other files, where the checkpoint lies in a run. Made here, for the user alone as all of a run's folders that we make. */
function folderFor(checkpoint: string, name: string): string {
  const holder = path.dirname(checkpoint);
  const run = path.basename(holder) === runFiles.checkpoints ? path.dirname(holder) : holder;
  const folder = path.join(run, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The last line that the command printed, without its own name. */
function complaintOf(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line === ''
    ? 'The checkpoint could not be used, and the trainer did not say why.'
    : line.replace(/^trainyard: /, '');
}
