import type { TokenSource } from '../../../recipes/data.ts';
import type { DataSplit } from '../../../recipes/recipe.ts';
import { badData } from '../files/badData.ts';
import { heldOut } from '../heldOut.ts';
import type { SequenceName } from './sequence.ts';
import type { Stretch } from './windows.ts';

/** Into about so many blocks data are cut before some are held out. */
const blocks = 200;

/**
 * The stretches that belong to a part of the data: whole sequences where the source names those of the test set, else blocks of a two-hundredth of the data, but never shorter
 * than a window, which are held out by hash. Windows never cross the border of a block that belongs to the other part, so no token is in both.
 */
export function splitStretches(
  stretches: readonly Stretch[],
  sequences: readonly SequenceName[],
  source: TokenSource,
  split: DataSplit,
): readonly Stretch[] {
  const named = source.testSequences;
  const isTest = split === 'test';
  if (named.length > 0) {
    const chosen = chosenSequences(sequences, named);
    return stretches.filter(({ sequence }) => chosen.has(sequence) === isTest);
  }
  const cut = cutIntoBlocks(stretches, blockLength(stretches, source));
  const out = heldOut(cut.length, source.testFraction, 'blocks');
  return joinNeighbours(cut.filter((_, i) => (out[i] === 1) === isTest));
}

function chosenSequences(sequences: readonly SequenceName[], named: readonly string[]): ReadonlySet<number> {
  const numbers = new Map(sequences.map(({ name }, i) => [name, i]));
  const chosen = named.map((name) => {
    const number = numbers.get(name);
    if (number !== undefined) return number;
    const some = sequences.slice(0, 10).map((each) => each.name);
    const more = sequences.length > some.length ? `, and ${sequences.length - some.length} more` : '';
    throw badData(`There is no sequence "${name}" to hold out. There are: ${some.join(', ')}${more}.`, {
      hint: 'Name sequences as the data set names them.',
    });
  });
  return new Set(chosen);
}

/** A window and a number of strides, so that a block's windows end with the block. */
function blockLength(stretches: readonly Stretch[], { window, stride }: TokenSource): number {
  const total = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  return window + stride * Math.max(0, Math.ceil((total / blocks - window) / stride));
}

function cutIntoBlocks(stretches: readonly Stretch[], length: number): Stretch[] {
  return stretches.flatMap(({ sequence, start, end }) =>
    Array.from({ length: Math.ceil((end - start) / length) }, (_, i) => ({
      sequence,
      start: start + i * length,
      end: Math.min(end, start + (i + 1) * length),
    })),
  );
}

function joinNeighbours(cut: readonly Stretch[]): readonly Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of cut) {
    const last = joined.at(-1);
    const follows = last !== undefined && last.sequence === stretch.sequence && last.end === stretch.start;
    if (follows) joined[joined.length - 1] = { ...last, end: stretch.end };
    else joined.push(stretch);
  }
  return joined;
}
