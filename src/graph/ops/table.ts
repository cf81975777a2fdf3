import type { OpTable } from '../ir.ts';
import { convolutionOps } from './convolution.ts';
import { binaryOps, gatedOps, unaryOps } from './elementwise.ts';
import { indexingOps } from './indexing.ts';
import { linalgOps } from './linalg.ts';
import { movementOps } from './movement.ts';
import { reductionOps } from './reduction.ts';

/** Every operation. An operation that the catalogue in attributes.ts names and no family defines does not compile here. */
export const opTable: OpTable = {
  ...unaryOps,
  ...gatedOps,
  ...binaryOps,
  ...movementOps,
  ...reductionOps,
  ...linalgOps,
  ...convolutionOps,
  ...indexingOps,
};
