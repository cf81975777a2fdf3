import type { Program, SampleKind, SampleProgram } from '../../recipes/recipe.ts';
import type { Placement } from '../engine/session.ts';
import type { SampleDrawer } from './drawnSamples.ts';
import { ImageDrawer } from './imageDrawer.ts';
import { TextDrawer } from './textDrawer.ts';

/** The ending of the files that samples of a kind are kept in. */
export const sampleEndings = { images: 'png', text: 'txt' } as const satisfies { readonly [K in SampleKind]: string };

/** The drawer of a program's samples. What it needs beside the weights, such as a judge, is loaded at once and refused where it is wrong. */
export function createDrawer(
  program: Program,
  samples: SampleProgram,
  seed: number,
  placement: Placement,
): Promise<SampleDrawer> {
  const create = drawers[samples.kind] as Create<SampleProgram>;
  return create(program, samples, seed, placement);
}

type Create<S extends SampleProgram> = (
  program: Program,
  samples: S,
  seed: number,
  placement: Placement,
) => Promise<SampleDrawer>;

const drawers: { readonly [K in SampleKind]: Create<Extract<SampleProgram, { readonly kind: K }>> } = {
  images: ImageDrawer.create,
  text: TextDrawer.create,
};
