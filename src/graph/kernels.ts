/**
 * Where a kernel of ONNX Runtime serves an operator of opset 18 for a type. `parts`: there is none, or none for whole numbers, and models for the device have other operators
 * in its place (`inDeviceForm`).
 */
export type Support = 'yes' | 'no' | 'parts';

/** Which execution providers compute an operator themselves. Without a kernel, ONNX Runtime computes it on the CPU in the middle of the graph. */
export interface Kernels {
  readonly cuda: { readonly float32: Support; readonly float16: Support; readonly bfloat16: Support };
  readonly webgpu: Support;
}

const everyType = { float32: 'yes', float16: 'yes', bfloat16: 'yes' } as const;
const noBfloat16 = { float32: 'yes', float16: 'yes', bfloat16: 'no' } as const;

const common: Kernels = { cuda: everyType, webgpu: 'yes' };
const halfOnly: Kernels = { cuda: noBfloat16, webgpu: 'yes' };

/**
 * Kernels by operator, for those that graphs are written with. CUDA: docs/OperatorKernels.md of microsoft/onnxruntime, section CUDAExecutionProvider,
 * read for opset 18 (a kernel counts where its closed range of versions holds the operator's own). WebGPU: where every operation ran with 1.30
 * on a software driver, whole numbers as int32 (a test runs them all again). Products of whole numbers that may need 64 bits are made on the CPU. The CPU has all of them in float32. Whether a step really stays on its device is
 * checked when a device is tried (`trainyard doctor`); this table says what to expect.
 */
export const kernels = {
  Abs: common,
  Add: common,
  And: common,
  ArgMax: halfOnly,
  AveragePool: common,
  Cast: common,
  Concat: common,
  Conv: common,
  ConvTranspose: halfOnly,
  Cos: halfOnly,
  Div: common,
  Equal: halfOnly,
  Erf: common,
  Exp: common,
  Expand: common,
  Floor: halfOnly,
  Gather: common,
  GatherElements: common,
  Greater: halfOnly,
  GreaterOrEqual: halfOnly,
  Identity: common,
  LayerNormalization: common,
  Less: halfOnly,
  LessOrEqual: halfOnly,
  Log: halfOnly,
  LogSoftmax: { cuda: noBfloat16, webgpu: 'parts' },
  MatMul: common,
  Max: common,
  MaxPool: { cuda: noBfloat16, webgpu: 'no' },
  Min: common,
  Mod: { cuda: everyType, webgpu: 'no' },
  Mul: common,
  Neg: common,
  Not: common,
  Or: { cuda: everyType, webgpu: 'parts' },
  Pad: halfOnly,
  Pow: common,
  Range: { cuda: { float32: 'yes', float16: 'no', bfloat16: 'no' }, webgpu: 'yes' },
  Reciprocal: halfOnly,
  ReduceMax: halfOnly,
  ReduceMean: halfOnly,
  ReduceMin: halfOnly,
  ReduceSum: common,
  Relu: common,
  Reshape: common,
  Resize: halfOnly,
  Scan: { cuda: everyType, webgpu: 'no' },
  ScatterElements: common,
  ScatterND: common,
  Sigmoid: common,
  Sin: halfOnly,
  Slice: { cuda: everyType, webgpu: 'parts' },
  Softmax: common,
  Split: common,
  Sqrt: common,
  Sub: common,
  Tanh: common,
  Transpose: common,
  Where: common,
} as const satisfies { readonly [type: string]: Kernels };
