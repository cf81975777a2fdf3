/** How a token is chosen from logits. */
export interface ChoiceSettings {
  /** 0: the most likely one. */
  readonly temperature: number;
  /** 0: all of the allowed. */
  readonly topK: number;
  readonly allowed: readonly number[];
}

/**
 * A token drawn from softmax(logits / temperature) over the `topK` most likely of the allowed ones. `chance`, from 0 to 1, decides: the same logits and
 * chance give the same token. Of equal logits the smaller token counts as more likely.
 */
export function chooseToken(logits: Float32Array, settings: ChoiceSettings, chance: number): number {
  const { temperature, topK, allowed } = settings;
  const kept = temperature === 0 ? 1 : topK === 0 ? allowed.length : Math.min(topK, allowed.length);
  const candidates = kept === allowed.length ? allowed : mostLikely(logits, allowed, kept);
  if (candidates.length === 1) return candidates[0]!;
  const highest = candidates.reduce((best, token) => Math.max(best, logits[token]!), Number.NEGATIVE_INFINITY);
  const weights = candidates.map((token) => Math.exp((logits[token]! - highest) / temperature));
  let left = chance * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return candidates[i]!;
  }
  return candidates.at(-1)!;
}

function mostLikely(logits: Float32Array, allowed: readonly number[], count: number): readonly number[] {
  return [...allowed].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, count);
}
