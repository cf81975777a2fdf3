import { argMax, cast, equal, mul, narrow, reduceSum, type Value } from '../../graph/index.ts';
import { tokenCrossEntropy } from '../../nn/losses.ts';
import { readingScope, type Scope } from '../../nn/scope.ts';
import type { Batch, Evaluation } from '../recipe.ts';
import { aloneLogits, type BridgeParts } from './network.ts';
import { fewShotLogits, readingLogits, type TextParts } from './reading.ts';

/** An example as the sender's tokens and those that the receiver is to tell, with their weights. */
export function parted(batch: Batch, { config }: BridgeParts): TextParts & { readonly weights: Value } {
  const tokens = cast(batch['tokens']!, 'int64');
  const { window, continuation } = config;
  return {
    read: narrow(tokens, 1, 0, window),
    told: narrow(tokens, 1, window, continuation),
    weights: narrow(batch['weights']!, 1, window, continuation),
  };
}

/** A way in which the receiver tells the tokens: what metrics are called behind `val/loss`, and what people call it. */
interface Way {
  readonly suffix: string;
  readonly title: string;
  /** Logits of all tokens to be predicted but the first. */
  readonly logits: (scope: Scope, text: TextParts) => Value;
}

/** Sums per example over all tokens but the first, about which the receiver alone knows nothing. */
export function heldOutEvaluation(
  trained: (scope: Scope, text: TextParts, parts: BridgeParts) => Value,
  parts: BridgeParts,
): Evaluation {
  const { batchSize, continuation } = parts.config;
  const rest = (value: Value) => narrow(value, 1, 1, continuation - 1);
  const ways = waysOf((scope, text) => rest(trained(scope, text, parts)), parts, rest);
  return {
    data: 'test',
    batchSize,
    build(graph, view, batch) {
      const text = parted(batch, parts);
      const [told, weights] = [rest(text.told), rest(text.weights)];
      const perExample: Record<string, Value> = { weight: reduceSum(weights, [1], false) };
      for (const { suffix, logits: of } of ways) {
        const logits = of(readingScope(graph, view), text);
        const right = cast(equal(argMax(logits, 2), told), 'float32');
        perExample[`nats${suffix}`] = reduceSum(mul(tokenCrossEntropy(logits, told), weights), [1], false);
        perExample[`right${suffix}`] = reduceSum(mul(right, weights), [1], false);
      }
      return perExample;
    },
    summarize: (perExample) => Object.fromEntries(ways.flatMap((way) => Object.entries(figuresOf(way, perExample)))),
    ...(parts.config.compareText ? { report: (perExample) => ({ 'val/ways': tableOf(ways, perExample) }) } : {}),
  };
}

function waysOf(own: Way['logits'], parts: BridgeParts, rest: (value: Value) => Value): readonly Way[] {
  const { method, compareText, shots } = parts.config;
  const title = method === 'bridge' ? 'behind the message' : `reads the text, adapted by ${method}`;
  const text: Way = {
    suffix: '_text',
    title: 'reads the text (zero-shot)',
    logits: (_, all) => rest(readingLogits(all, parts)),
  };
  const few: Way = {
    suffix: '_few_shot',
    title: `reads the text behind ${shots} others (few-shot)`,
    logits: (_, all) => rest(fewShotLogits(all, shots, parts)),
  };
  return [
    { suffix: '', title, logits: own },
    { suffix: '_alone', title: 'alone', logits: (_, { told }) => aloneLogits(told, parts) },
    ...(compareText ? [text] : []),
    ...(compareText && shots > 0 ? [few] : []),
  ];
}

type PerExample = Readonly<Record<string, Float32Array>>;

function figuresOf({ suffix }: Way, perExample: PerExample): Readonly<Record<string, number>> {
  const weight = total(perExample['weight']!);
  return {
    [`val/loss${suffix}`]: total(perExample[`nats${suffix}`]!) / weight,
    [`val/accuracy${suffix}`]: total(perExample[`right${suffix}`]!) / weight,
  };
}

function tableOf(ways: readonly Way[], perExample: PerExample): string {
  const rows = ways.map((way) => {
    const [loss, accuracy] = Object.values(figuresOf(way, perExample)) as [number, number];
    return `| ${way.title} | ${loss.toFixed(4)} | ${accuracy.toFixed(4)} |`;
  });
  return ['| the receiver | loss | accuracy |', '|---|---:|---:|', ...rows].join('\n');
}

function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
