import type { Finder } from '../draft.ts';
import { consoleFinder } from './console.ts';
import { hydraFinder } from './hydra.ts';
import { makeFinder } from './make.ts';
import { modalFinder } from './modal.ts';
import { scriptFinder } from './script.ts';
import { shellFinder } from './shell.ts';
import { slurmFinder } from './slurm.ts';

/** Everything that knows how to find entry points. A new kind is one more file and one more line. */
export const finders: readonly Finder[] = [
  hydraFinder,
  scriptFinder,
  modalFinder,
  consoleFinder,
  slurmFinder,
  shellFinder,
  makeFinder,
];
