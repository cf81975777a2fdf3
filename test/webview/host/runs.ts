import type { RunSpec } from './scenario.ts';

/** Runs as a person has them: a few tags each, names of all lengths, some still running. */
export function runs(count: number, points = 3480): RunSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `run-${i}`,
    name:
      i % 7 === 3
        ? `sweep/meanflow-dit-patch2-width192-lr3e-4-ratio0.75-seed${i}-with-a-rather-long-name`
        : `meanflow-${i}`,
    status: i % 5 === 4 ? ('running' as const) : i % 11 === 6 ? ('failed' as const) : ('finished' as const),
    series: [
      { tag: 'train/loss', count: points, seed: i + 1, noise: 0.12, level: 1 + (i % 9) * 0.07 },
      { tag: 'train/grad_norm', count: points, seed: i + 31, noise: 0.6, level: 3, spikes: [{ at: 1200, value: 9 }] },
      { tag: 'train/lr', count: points, seed: i + 61, noise: 0, level: 3e-4, shape: 'rise' as const },
      {
        tag: 'samples/confidence',
        count: 14,
        seed: i + 91,
        noise: 0.03,
        level: 0.9 - (i % 4) * 0.05,
        shape: 'rise' as const,
        stepSize: 250,
      },
      { tag: 'epoch', count: 400, seed: i, noise: 0, shape: 'rise' as const, nans: [100, 101, 250] },
    ],
  }));
}
