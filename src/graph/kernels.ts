/** Where a kernel of ONNX Runtime serves an operator of opset 18 for a type: `some` has kernels for floats but not for whole numbers. */
export type Support = 'yes' | 'no' | 'some';

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
 * read for opset 18 (a kernel counts where its closed range of versions holds the operator's own). WebGPU: the native provider's list of 1.24, and what
 * was seen to fall back to the CPU when training steps ran on it. The CPU has all of them in float32. Whether a step really stays on its device is
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
  Equal: { cuda: noBfloat16, webgpu: 'some' },
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
  LogSoftmax: { cuda: noBfloat16, webgpu: 'no' },
  MatMul: common,
  Max: { cuda: everyType, webgpu: 'no' },
  MaxPool: halfOnly,
  Min: { cuda: everyType, webgpu: 'no' },
  Mod: { cuda: everyType, webgpu: 'some' },
  Mul: common,
  Neg: common,
  Not: common,
  Or: common,
  Pad: halfOnly,
  Pow: common,
  Range: { cuda: { float32: 'yes', float16: 'no', bfloat16: 'no' }, webgpu: 'some' },
  Reciprocal: halfOnly,
  ReduceMax: halfOnly,
  ReduceMean: halfOnly,
  ReduceMin: halfOnly,
  ReduceSum: common,
  Relu: common,
  Reshape: { cuda: everyType, webgpu: 'some' },
  Resize: halfOnly,
  Scan: { cuda: everyType, webgpu: 'no' },
  ScatterElements: { cuda: everyType, webgpu: 'no' },
  ScatterND: common,
  Sigmoid: common,
  Sin: halfOnly,
  Slice: common,
  Softmax: common,
  Split: common,
  Sqrt: common,
  Sub: common,
  Tanh: common,
  Transpose: common,
  Where: common,
} as const satisfies { readonly [type: string]: Kernels };
