import { BaseGraph } from './ir.ts';
import { opTable } from './ops/table.ts';

/** A graph of all the operations in `ops/table.ts`. */
export class Graph extends BaseGraph {
  constructor() {
    super(opTable);
  }
}
