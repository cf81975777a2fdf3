import type { Value } from '../ir.ts';
import type { ImportedNode } from './importedNode.ts';

/** Builds what one node of a file computes. Several outputs come as a list. */
export type Importer = (node: ImportedNode) => Value | readonly Value[];

/** Importers by the operator's name in ONNX. */
export type Importers = { readonly [type: string]: Importer };
