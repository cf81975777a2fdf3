import type { DeviceName } from '../../domain/device.ts';

/**
 * A sum behind which a layer norm stands becomes one SkipLayerNormalization (onnxruntime/core/optimizer/skip_layer_norm_fusion.cc), whose kernels on devices leave
 * the spread of the rows empty (contrib_ops/cuda/bert/skip_layer_norm.cc), though the gradient of the norm reads it: "Missing Input" at the first step, seen on
 * WebGPU. The CPU's kernel writes it.
 */
const harmful = ['SkipLayerNormFusion'];

/** A graph of more bytes than this, some 3000 nodes, starts noticeably later for what finds nothing in it. */
const longSearchBytes = 250_000;

/**
 * What finds nothing in the graph of a step, or next to nothing, and goes through all of it several times: a graph of 11 000 nodes started in 2.2 instead of 3.6 seconds of
 * processor time without them (ONNX Runtime 1.30, onnxruntime/core/optimizer/graph_transformer_utils.cc). Graphs are made without equal nodes and literals, norms are single nodes already,
 * and nothing is quantized. Left are those that fold transposes and scales into products, gather reshapes, and merge activations with what is ahead of them.
 */
const needless = [
  'CommonSubexpressionElimination',
  'ConstantSharing',
  'ConstantFolding',
  'ConstantFoldingDQ',
  'Level1_RuleBasedTransformer',
  'PropagateCastOps',
  'MatmulBNFusion',
  'GemmSumFusion',
  'GatherSliceToSplitFusion',
  'GatherToSliceFusion',
  'LayerNormFusionL1',
  'LayerNormFusionL2',
  'SimplifiedLayerNormFusion',
  'SkipLayerNormFusion',
  'BiasSkipLayerNormFusion',
  'EmbedLayerNormFusion',
  'AttentionFusion',
  'GroupQueryAttentionFusion',
  'GroupQueryAttentionPreNormFusion',
  'BiasGeluFusion',
  'FastGeluFusion',
  'BiasSoftmaxFusion',
  'BiasDropoutFusion',
  'GemmActivationFusion',
  'MatMulActivationFusion',
  'MatMulIntegerToFloatFusion',
  'DynamicQuantizeMatMulFusion',
  'MatMulNBitsFusion',
  'MatMulNBitsMlpFusion',
  'MatMulNBitsQkvFusion',
  'DQMatMulNBitsFusion',
  'EnsureUniqueDQForNodeUnit',
  'DoubleQDQPairsRemover',
  'QDQPropagationTransformer',
  'QDQSelectorActionTransformer',
  'QDQFinalCleanupTransformer',
  'QDQS8ToU8Transformer',
  'WeightBiasQuantization',
  'Avx2WeightS8ToU8Transformer',
  'LabelEncoderFusion',
  'NhwcTransformer',
];

/** Names of ONNX Runtime's graph optimizers that a model is loaded without, for its key `optimization.disable_specified_optimizers`. */
export function optimizersToLeaveOut(device: DeviceName, graphBytes: number): readonly string[] {
  if (device !== 'cpu') return harmful;
  return graphBytes > longSearchBytes ? needless : [];
}
