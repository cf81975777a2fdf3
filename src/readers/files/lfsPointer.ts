import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FoundRun, PollResult } from '../../domain/records.ts';
import type { RunReader } from '../format.ts';

/** The first line of a pointer file: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. Pointers are shorter than 1024 bytes. */
const firstLine = 'version https://git-lfs.github.com/spec/';
const longest = 1024;

/** Whether a file's first bytes are those of a pointer that Git LFS leaves where the file itself was not fetched. */
export function isLfsPointer(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, firstLine.length)).toString('latin1') === firstLine;
}

/** What is wrong with such a file, and what mends it. */
export const lfsSentence = 'It is a pointer of Git LFS, not the file itself. Fetch the file with: git lfs pull';

/** `sentence`, or what is really wrong where the file is a pointer of Git LFS. A file that cannot be read is none. */
export async function explainDamage(file: string, sentence: string): Promise<string> {
  return (await readsAsPointer(file)) ? lfsSentence : sentence;
}

/** A run's reader that says of files which only Git LFS has why they hold nothing. It looks at a file only where there is a problem with it. */
export function withLfsProblems({ path: place }: FoundRun, reader: RunReader): RunReader {
  // Problems name files by their place below the run, which is a folder or a file itself.
  const explain = async (file: string, message: string): Promise<string> =>
    explainDamage(path.resolve(place, file), await explainDamage(path.resolve(path.dirname(place), file), message));
  return {
    async poll(cursor, budget): Promise<PollResult> {
      const result = await reader.poll(cursor, budget);
      if (result.problems.length === 0) return result;
      const problems = await Promise.all(
        result.problems.map(async (problem) =>
          problem.file === '' ? problem : { ...problem, message: await explain(problem.file, problem.message) },
        ),
      );
      return { ...result, problems };
    },
    dispose: () => reader.dispose(),
  };
}

/** Only a small plain file is opened: opening a named pipe would wait for its writer. */
async function readsAsPointer(file: string): Promise<boolean> {
  try {
    const facts = await stat(file);
    return facts.isFile() && facts.size < longest && isLfsPointer(await readFile(file));
  } catch {
    return false;
  }
}
