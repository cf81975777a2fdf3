import type { JsonObject } from '../../domain/json.ts';
import type { Value } from '../../graph/index.ts';
import { weightedCrossEntropy } from '../../nn/losses.ts';
import { collectParameters, type ParameterSpec, readingScope, type Scope } from '../../nn/scope.ts';
import { adaptationName } from '../adaptation/fields.ts';
import { rewrittenModel } from '../adaptation/rewrite.ts';
import { optimizerSettings } from '../commonFields.ts';
import { tokenFacts } from '../data.ts';
import { loadOnnxModel } from '../finetune/model.ts';
import { tokenInput } from '../finetuneLanguage/network.ts';
import { vocabularyMetadata } from '../languageModel/program.ts';
import type { Benchmark, DataFacts, DataSetRequest, ExportedModel, Program, Recipe } from '../recipe.ts';
import { tokenSource } from '../tokenFields.ts';
import { channels } from './channels.ts';
import { type BridgeConfig, bridgeFields, readBridgeConfig } from './config.ts';
import { heldOutEvaluation, parted } from './heldOut.ts';
import { bridgeMetrics } from './metrics.ts';
import { type BridgeParts, heardLogits, senderStates, softTokens } from './network.ts';
import { adaptedLogits, receiverScope, type TextParts } from './reading.ts';

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
    const { sender, receiver, tokens, heads, method, adaptation } = readBridgeConfig(config);
    const { kind, size } = tokenFacts(data).vocabulary;
    const models = `${loadOnnxModel(sender).digest}-${loadOnnxModel(receiver).digest}`;
    const learned = method === 'bridge' ? `n${tokens}-h${heads}` : adaptationName(adaptation);
    return `bridge-${models}-${learned}-${kind}-v${size}`;
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
    const { batchSize, method } = settings;
    const learned = method === 'bridge' ? bridged(parts) : adaptedReceiver(parts);
    return {
      parameters: learned.parameters,
      batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters: view, batch }) {
        const text = parted(batch, parts);
        const logits = learned.logits(readingScope(graph, view), text, parts);
        return { loss: weightedCrossEntropy(logits, text.told, text.weights), metrics: {} };
      },
      evaluations: [heldOutEvaluation(learned.logits, parts)],
      ...(learned.benchmark === undefined ? {} : { benchmark: learned.benchmark }),
      model: learned.model,
    };
  },
};

/** What is trained, and what becomes of it. */
interface Learned {
  readonly parameters: readonly ParameterSpec[];
  /** Logits of the tokens to be predicted, [N, continuation, vocabulary of the receiver]. */
  readonly logits: (scope: Scope, text: TextParts, parts: BridgeParts) => Value;
  readonly benchmark?: Benchmark;
  readonly model: Program['model'];
}

function bridged(parts: BridgeParts): Learned {
  const { config } = parts;
  const sizes = { width: 0, senderWidth: 0 };
  const parameters = collectParameters((scope) => {
    const { read, told } = anyText(scope, config);
    const states = senderStates(read, parts);
    sizes.senderWidth = states.shape[2]!;
    const message = (width: number) => {
      sizes.width = width;
      return softTokens(scope, states, width, config);
    };
    heardLogits(message, told, parts);
  });
  return {
    parameters,
    logits: heard,
    ...(config.compareText ? { benchmark: channels(parts, sizes) } : {}),
    model: exportedBridge(parts, sizes),
  };
}

/** The receiver reads the text itself: what a bridge is compared with. */
function adaptedReceiver(parts: BridgeParts): Learned {
  const { config, receiver, facts } = parts;
  const parameters = collectParameters((scope) => void adaptedLogits(scope, anyText(scope, config), parts));
  return {
    parameters,
    logits: adaptedLogits,
    model: {
      rewrite: (learned) =>
        rewrittenModel(receiver, config.adaptation, tokenInput(receiver).name, (name) =>
          learned(`${receiverScope}/${name}`),
        ),
      metadata: { task: 'causal language model', vocabulary: vocabularyMetadata(facts) },
    },
  };
}

function anyText({ graph }: Scope, { window, continuation }: BridgeConfig): TextParts {
  return {
    read: graph.input('read', [1, window], 'int64'),
    told: graph.input('toTell', [1, continuation], 'int64'),
  };
}

function loadModelOf(file: string) {
  return loadOnnxModel(file).model;
}

function heard(scope: Scope, { read, told }: TextParts, parts: BridgeParts): Value {
  const states = senderStates(read, parts);
  return heardLogits((width) => softTokens(scope, states, width, parts.config), told, parts);
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
