import { argMax, type BaseGraph, narrow, type Value } from '../../graph/index.ts';
import { readingScope } from '../../nn/scope.ts';
import { noRoom } from '../adaptation/promptRoom.ts';
import { logitsOf, runImported } from '../finetuneLanguage/network.ts';
import type { Batch, Benchmark, ParameterView, WayTiming } from '../recipe.ts';
import { parted } from './heldOut.ts';
import { type BridgeParts, heardLogits, senderStates, softTokens } from './network.ts';

/**
 * From the sender's text to the first token that the receiver tells, in two ways: by the message, or by the text itself. A third graph is one token that the sender writes, since a text that
 * it has to write first takes one pass per token; models are exported without a cache.
 */
export function channels(parts: BridgeParts, { width }: { readonly width: number }): Benchmark {
  const { tokens: count, window } = parts.config;
  const messageBytes = 4 * count * width;
  return {
    data: 'test',
    batchSize: parts.config.batchSize,
    ways: {
      message: (graph, view, batch) => firstTokenByMessage(graph, view, batch, parts),
      text: (_graph, _view, batch) => nextToken(parted(batch, parts).read, 'receiver', parts),
      written_token: (_graph, _view, batch) => nextToken(parted(batch, parts).read, 'sender', parts),
    },
    figures: { message_bytes: messageBytes, message_places: count, text_places: window },
    report: (timings) => ({ 'timings/channels': table(timings, { count, window, messageBytes }) }),
  };
}

function firstTokenByMessage(graph: BaseGraph, view: ParameterView, batch: Batch, parts: BridgeParts): Value {
  const { read, told } = parted(batch, parts);
  const states = senderStates(read, parts);
  const message = (width: number) => softTokens(readingScope(graph, view), states, width, parts.config);
  // The token that follows the message is told from the place before it, so what stands there itself changes nothing.
  return argMax(heardLogits(message, narrow(told, 1, 0, 1), parts), 2);
}

function nextToken(tokens: Value, model: 'sender' | 'receiver', parts: BridgeParts): Value {
  const { name } = logitsOf(parts[model]);
  const logits = runImported(tokens, parts[model], parts.facts, name, noRoom, {}).outputs.get(name)!;
  return argMax(narrow(logits, 1, logits.shape[1]! - 1, 1), 2);
}

interface Sizes {
  readonly count: number;
  readonly window: number;
  readonly messageBytes: number;
}

function table(timings: Readonly<Record<string, WayTiming>>, { count, window, messageBytes }: Sizes): string {
  const { message, text, written_token: token } = timings as Record<'message' | 'text' | 'written_token', WayTiming>;
  const row = (title: string, places: number, bytes: number, { latencyMs, perSecond, peakBytes }: WayTiming) =>
    `| ${title} | ${places} | ${bytes} | ${(peakBytes / 2 ** 20).toFixed(2)} | ${latencyMs.toFixed(2)} | ${perSecond.toFixed(1)} |`;
  const written: WayTiming = {
    latencyMs: window * token.latencyMs + text.latencyMs,
    perSecond: 1 / (window / token.perSecond + 1 / text.perSecond),
    peakBytes: Math.max(token.peakBytes, text.peakBytes),
  };
  return [
    "| from the sender's text to the receiver's first token | places in the receiver's context | bytes sent | memory of values, MiB | latency of one, ms | texts/s in batches |",
    '|---|---:|---:|---:|---:|---:|',
    row(`a message of ${count} soft tokens`, count, messageBytes, message),
    row(`the text as it is, ${window} tokens`, window, 4 * window, text),
    row(`a text of ${window} tokens that the sender writes, a pass for each (reckoned)`, window, 4 * window, written),
  ].join('\n');
}
