/** Metrics of samples by the logits of a classifier [count × classes] and the classes asked for [count]. */
export function judgeSamples(
  logits: Float32Array,
  labels: readonly number[],
  classes: number,
): Readonly<Record<string, number>> {
  let confidence = 0;
  let agreed = 0;
  const seen = new Set<number>();
  labels.forEach((label, i) => {
    const top = topClass(logits.subarray(i * classes, (i + 1) * classes));
    confidence += top.probability;
    agreed += top.index === label ? 1 : 0;
    seen.add(top.index);
  });
  return {
    'samples/confidence': confidence / labels.length,
    'samples/accuracy': agreed / labels.length,
    'samples/distinct_classes': seen.size,
  };
}

/** The largest entry of softmax(logits) and its place. */
function topClass(logits: Float32Array): { readonly index: number; readonly probability: number } {
  let index = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[index]!) index = i;
  const largest = logits[index]!;
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
  return { index, probability: 1 / total };
}
