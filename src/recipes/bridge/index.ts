import type { JsonObject } from '../../domain/json.ts';
import { cast, mul, narrow, reduceSum, type Value } from '../../graph/index.ts';
import { tokenCrossEntropy, weightedCrossEntropy } from '../../nn/losses.ts';
import { collectParameters, readingScope, type Scope } from '../../nn/scope.ts';
import { optimizerSettings } from '../commonFields.ts';
import { tokenFacts } from '../data.ts';
import { loadOnnxModel } from '../finetune/model.ts';
import type { Batch, DataFacts, DataSetRequest, Evaluation, ExportedModel, Program, Recipe } from '../recipe.ts';
import { tokenSource } from '../tokenFields.ts';
import { bridgeFields, readBridgeConfig } from './config.ts';
import { bridgeMetrics } from './metrics.ts';
import { aloneLogits, type BridgeParts, heardLogits, senderStates, softTokens } from './network.ts';

/** A message of a few soft tokens from one frozen language model to another. */
export const bridge: Recipe = {
  info: {
    id: 'bridge',
    title: 'Bridge between language models',
    description: 'Learns to hand what one frozen ONNX language model read to another, as a few soft tokens.',
    version: 1,
    fields: bridgeFields,
    metrics: bridgeMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { sender, receiver, tokens, heads } = readBridgeConfig(config);
    const { kind, size } = tokenFacts(data).vocabulary;
    const models = `${loadOnnxModel(sender).digest}-${loadOnnxModel(receiver).digest}`;
    return `bridge-${models}-n${tokens}-h${heads}-${kind}-v${size}`;
  },
  dataSets(config: JsonObject): readonly DataSetRequest[] {
    const { data: path, window, continuation } = readBridgeConfig(config);
    const length = window + continuation;
    const source = tokenSource({ ...config, stride: length, softMaskWeight: 1, reverseComplement: false }, length);
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readBridgeConfig(config);
    const parts: BridgeParts = {
      sender: loadModelOf(settings.sender),
      receiver: loadModelOf(settings.receiver),
      config: settings,
      facts: tokenFacts(data),
    };
    const sizes = { width: 0, senderWidth: 0 };
    const parameters = collectParameters((scope) => {
      const { graph } = scope;
      const read = graph.input('read', [1, settings.window], 'int64');
      const states = senderStates(read, parts);
      sizes.senderWidth = states.shape[2]!;
      const toTell = graph.input('toTell', [1, settings.continuation], 'int64');
      heardLogits(
        (width) => {
          sizes.width = width;
          return softTokens(scope, states, width, settings);
        },
        toTell,
        parts,
      );
    });
    return {
      parameters,
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters: view, batch }) {
        const { told, weights } = parted(batch, parts);
        return {
          loss: weightedCrossEntropy(heard(readingScope(graph, view), batch, parts), told, weights),
          metrics: {},
        };
      },
      evaluations: [heldOut(parts)],
      model: exportedBridge(parts, sizes),
    };
  },
};

function loadModelOf(file: string) {
  return loadOnnxModel(file).model;
}

/** An example as the sender's tokens and those that the receiver is to tell, with their weights. */
function parted(batch: Batch, { config }: BridgeParts) {
  const tokens = cast(batch['tokens']!, 'int64');
  const { window, continuation } = config;
  return {
    read: narrow(tokens, 1, 0, window),
    told: narrow(tokens, 1, window, continuation),
    weights: narrow(batch['weights']!, 1, window, continuation),
  };
}

function heard(scope: Scope, batch: Batch, parts: BridgeParts): Value {
  const { read, told } = parted(batch, parts);
  const states = senderStates(read, parts);
  return heardLogits((width) => softTokens(scope, states, width, parts.config), told, parts);
}

/** Sums per example over all tokens but the first, which the receiver alone knows nothing about. */
function heldOut(parts: BridgeParts): Evaluation {
  const { batchSize, continuation } = parts.config;
  const rest = (value: Value) => narrow(value, 1, 1, continuation - 1);
  return {
    data: 'test',
    batchSize,
    build(graph, view, batch) {
      const { told, weights } = parted(batch, parts);
      const nats = (logits: Value) => reduceSum(mul(tokenCrossEntropy(logits, rest(told)), rest(weights)), [1], false);
      return {
        heard: nats(rest(heard(readingScope(graph, view), batch, parts))),
        alone: nats(aloneLogits(told, parts)),
        weight: reduceSum(rest(weights), [1], false),
      };
    },
    summarize: ({ heard: withMessage, alone, weight }) => ({
      'val/loss': total(withMessage!) / total(weight!),
      'val/loss_alone': total(alone!) / total(weight!),
    }),
  };
}

/** The bridge alone: the models on both sides are files already. */
function exportedBridge(
  { config }: BridgeParts,
  { width, senderWidth }: { readonly width: number; readonly senderWidth: number },
): ExportedModel {
  return {
    build(graph, view, batch) {
      const states = graph.input('states', [batch, config.window, senderWidth]);
      const message = softTokens(readingScope(graph, view), states, width, config);
      return { inputs: [states], outputs: { soft_tokens: message } };
    },
    metadata: {
      task: 'bridge between two language models',
      inputs: `states: float32 [batch, ${config.window}, ${senderWidth}], of the sender`,
      outputs: `soft_tokens: float32 [batch, ${config.tokens}, ${width}], ahead of the receiver's embeddings`,
    },
  };
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
