// The parts in the order in which they run: what proves the device first, then what has an aim.
import { operations } from './operations.ts';
import type { Part } from './part.ts';
import { proof } from './proof.ts';
import { placement, recipes, repetition } from './recipeRuns.ts';
import { speed, speedPieces } from './speed.ts';

interface PartEntry {
  readonly run: Part;
  /** Seconds after which it, or a piece of it, is ended. */
  readonly limit: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** TF32 has 10 bits where float32 has 23, which would hide small mistakes. */
const exact = { NVIDIA_TF32_OVERRIDE: '0' };

export const parts = {
  proof: { run: proof, limit: 90, environment: {} },
  operations: { run: operations, limit: 180, environment: exact },
  recipes: { run: recipes, limit: 300, environment: exact },
  placement: { run: placement, limit: 240, environment: {} },
  repetition: { run: repetition, limit: 180, environment: exact },
  speed: { run: speed, limit: 240, environment: {} },
} as const satisfies { readonly [name: string]: PartEntry };

/** The pieces that a part is cut into, each a process; '' for a part in one piece. */
export function piecesOf(part: keyof typeof parts, small: boolean): readonly string[] {
  return part === 'speed' ? speedPieces(small) : [''];
}
