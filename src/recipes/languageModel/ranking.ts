/** How well scores rank what has label 1 above what has label 0. NaN where one of the labels is missing. */
export interface Ranking {
  /** Area under the receiver operating characteristic: the chance that one of the ones stands above one of the zeros, half counted where they are equal. */
  readonly auroc: number;
  /** Area under the precision-recall curve as the sum over its steps, which scikit-learn calls average precision. */
  readonly auprc: number;
}

/** Ranks by falling score. Equal scores are one step of both curves. */
export function rankingOf(scores: Float32Array, labels: Float32Array): Ranking {
  const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]!);
  const ones = labels.reduce((sum, label) => sum + label, 0);
  const zeros = labels.length - ones;
  let [above, falseAbove, area, precisionArea] = [0, 0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let onesHere = 0;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) onesHere += labels[order[end++]!]!;
    const zerosHere = end - start - onesHere;
    area += zerosHere * (above + onesHere / 2);
    above += onesHere;
    falseAbove += zerosHere;
    precisionArea += onesHere * (above / (above + falseAbove));
    start = end;
  }
  if (ones === 0 || zeros === 0) return { auroc: Number.NaN, auprc: Number.NaN };
  return { auroc: area / (ones * zeros), auprc: precisionArea / ones };
}
