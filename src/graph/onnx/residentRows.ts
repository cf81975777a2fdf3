import { type DType, dtypes } from '../dtype.ts';
import { refuse } from '../shape.ts';
import { makeNode } from './makeNode.ts';
import { intAttribute, type OnnxGraph, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from './model.ts';

/** Tables whose rows are inputs of a graph, by the names of those inputs. */
export interface ResidentRows {
  readonly tables: Readonly<Record<string, ResidentTable>>;
  /** Whether the tables are part of the model, or inputs of it (`tableInput`), for devices on which an input can lie between calls. */
  readonly isPartOfModel: boolean;
}

/** Rows along the first axis. Whole numbers may have a smaller type than the input, for which they are converted. */
export interface ResidentTable {
  readonly dtype: 'uint8' | 'int32' | 'float32';
  readonly shape: readonly number[];
  /** Little-endian, row-major. */
  readonly bytes: Uint8Array;
}

/** The input that says which rows: int32, with the axes that the named inputs have before those of a row. */
export const rowsInput = 'rows';

/** The input that holds a table where it is not part of the model. */
export function tableInput(name: string): string {
  return `table of ${name}`;
}

/**
 * The same graph with named inputs looked up in tables, so that only numbers of rows travel at each call. The look-up stands in the outermost graph, before a
 * Scan and not in it: what a body takes from outside would be copied again for each call where the two lie on different devices
 * (onnxruntime/core/framework/allocation_planner.cc), while rows that were looked up go into the loop as its sequences do.
 */
export function withResidentRows(graph: OnnxGraph, { tables, isPartOfModel }: ResidentRows): OnnxGraph {
  const names = Object.keys(tables);
  const inputs = graph.inputs.filter(({ name }) => !(name in tables));
  const given = names.map((name) => inputOf(graph, name));
  const leading = given.map(({ shape }, i) => shape.slice(0, shape.length - tables[names[i]!]!.shape.length + 1));
  if (new Set(leading.map((axes) => axes.join())).size > 1) throw refuse('The tables have rows for different axes.');
  const declared = Object.entries(tables).map(([name, { dtype, shape }]) => ({ name: tableInput(name), dtype, shape }));
  const initializers: OnnxTensor[] = declared.map((each, i) => ({ ...each, data: tables[names[i]!]!.bytes }));
  return {
    ...graph,
    inputs: [...inputs, { name: rowsInput, dtype: 'int32', shape: leading[0]! }, ...(isPartOfModel ? [] : declared)],
    initializers: [...graph.initializers, ...(isPartOfModel ? initializers : [])],
    nodes: [...given.flatMap((input) => lookUp(input, tables[input.name]!.dtype)), ...graph.nodes],
  };
}

function inputOf({ inputs }: OnnxGraph, name: string): OnnxValueInfo {
  const found = inputs.find((input) => input.name === name);
  if (found === undefined) throw refuse(`There is no input "${name}" to look up in a table.`);
  return found;
}

function lookUp({ name, dtype }: OnnxValueInfo, stored: DType): readonly OnnxNode[] {
  const attributes = { axis: intAttribute(0) };
  const gather = (output: string) =>
    makeNode('Gather', `rows/${name}`, [tableInput(name), rowsInput], { output, attributes });
  if (stored === dtype) return [gather(name)];
  const found = `%rows/${name}`;
  const to = { to: intAttribute(dtypes[dtype].code) };
  return [gather(found), makeNode('Cast', `type/${name}`, [found], { output: name, attributes: to })];
}
