import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../base/errors.ts';

const largestBytes = 200 * 1024 * 1024;

/**
 * A gzipped tar of the code in a folder: all files that git tracks or would track, so neither data that is ignored nor the repository's history.
 * Names go to `tar` by its input, never through a shell. Throws `bad-argument` where the folder is no git repository or the archive too large.
 */
export async function packCode(folder: string): Promise<Buffer> {
  const listed = await output('git', ['-C', folder, 'ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  if (listed === undefined)
    throw new AppError('bad-argument', `${folder} is no git repository, so it is not known which files are its code.`, {
      hint: 'Run "git init" there and ignore data and outputs, then launch again.',
    });
  const names = listed.toString('utf8').split('\0');
  // A file that was deleted without telling git is listed, and tar would stumble over it.
  const there = names.filter((name) => name !== '' && existsSync(path.join(folder, name)));
  const packed = await output(
    'tar',
    ['-C', folder, '--null', '--verbatim-files-from', '--no-recursion', '-T', '-', '-czf', '-'],
    there.join('\0'),
  );
  if (packed === undefined)
    throw new AppError('internal', `The code of ${folder} could not be packed: tar failed.`, {
      hint: 'Look whether all files of the repository can be read.',
    });
  if (packed.length > largestBytes)
    throw new AppError(
      'bad-argument',
      `The code of ${folder} is ${megabytes(packed.length)} MB, more than the ${megabytes(largestBytes)} MB that are sent.`,
      {
        hint: 'Have git ignore data and outputs.',
      },
    );
  return packed;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** What a program prints, or undefined where it fails. */
async function output(program: string, args: readonly string[], input = ''): Promise<Buffer | undefined> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const pieces: Buffer[] = [];
  child.stdin.on('error', () => {});
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
  const ended = once(child, 'close').catch(() => [1]);
  child.stdin.end(input);
  const [code] = await ended;
  return code === 0 ? Buffer.concat(pieces) : undefined;
}
