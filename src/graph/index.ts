export * from './autodiff.ts';
export * from './build/activations.ts';
export * from './build/binary.ts';
export * from './build/convolution.ts';
export * from './build/indexing.ts';
export * from './build/linalg.ts';
export * from './build/movement.ts';
export * from './build/normalization.ts';
export type { Operand } from './build/operands.ts';
export * from './build/random.ts';
export * from './build/reduction.ts';
export { type ScanInputs, scanOver } from './build/scan.ts';
export * from './build/unary.ts';
export { type DType, dtypes, isFloating, packNumbers, unpackNumbers } from './dtype.ts';
export * from './encode.ts';
export { Graph } from './graph.ts';
export {
  type ImportedGraph,
  type ImportOptions,
  importedOperators,
  importModel,
  trainableTensors,
} from './import/importModel.ts';
export { unreshaped } from './inspect.ts';
export { type BaseGraph, type Node, type ScanBody, Value } from './ir.ts';
export { inputName } from './lower.ts';
export { nodesWithPlaces } from './onnx/maxPoolPlaces.ts';
export * from './onnx/model.ts';
export { noResult } from './onnx/noResults.ts';
export { decodeModel, type ExternalPlace, type ReadExternal } from './onnx/read.ts';
export { type ResidentRows, type ResidentTable, rowsInput, tableInput } from './onnx/residentRows.ts';
export { writeModel } from './onnx/write.ts';
export { unorderedSums, withOrderedSums } from './orderedSums.ts';
export * from './parameters.ts';
export { type HalfType, type ProductPrecision, withHalfProducts } from './precision.ts';
export { withRecomputation } from './recompute.ts';
export * from './scan.ts';
export { type SeededRandom, seededRandom } from './seededRandom.ts';
export { allAxes, broadcastShapes, type Shape, sameShape, sizeOf } from './shape.ts';
