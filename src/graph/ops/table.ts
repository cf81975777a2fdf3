import type { OpTable } from '../ir.ts';
import { binaryOps } from './binary.ts';
import { convolutionOps } from './convolution.ts';
import { gatedOps } from './gated.ts';
import { indexingOps } from './indexing.ts';
import { linalgOps } from './linalg.ts';
import { movementOps } from './movement.ts';
import { normalizedOps } from './normalized.ts';
import { reductionOps } from './reduction.ts';
import { scanOps } from './scan.ts';
import { unaryOps } from './unary.ts';

/** Every operation. An operation that the catalogue in attributes.ts names and no family defines does not compile here. */
export const opTable: OpTable = {
  ...unaryOps,
  ...gatedOps,
  ...binaryOps,
  ...movementOps,
  ...reductionOps,
  ...normalizedOps,
  ...linalgOps,
  ...convolutionOps,
  ...indexingOps,
  ...scanOps,
};
