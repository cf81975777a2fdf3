/** How a file over there is kept up to date here. `append`: what was added; `whole`: anew when it changed; `list`: named only, fetched on demand. */
export type MirrorKind = 'append' | 'whole' | 'list';

interface MirrorRule {
  /** On the last folder and the name, "tensorboard/events.out.tfevents.1". The same text is a Python pattern over there. */
  readonly pattern: RegExp;
  readonly kind: MirrorKind;
  readonly maxBytes: number;
}

const mega = 1024 * 1024;

/** The first that fits holds. What fits none stays over there. */
const rules: readonly MirrorRule[] = [
  { pattern: /\/events\.out\.tfevents\./, kind: 'append', maxBytes: 2048 * mega },
  { pattern: /\.(csv|tsv|jsonl|ndjson|log|out|err|txt|wandb)$/, kind: 'append', maxBytes: 512 * mega },
  { pattern: /\.(json|yaml|yml|toml|md)$/, kind: 'whole', maxBytes: 16 * mega },
  { pattern: /\.(png|jpg|jpeg|webp|gif|svg)$/, kind: 'whole', maxBytes: 8 * mega },
  {
    pattern: /\.(ckpt|pt|pth|safetensors|onnx|h5|hdf5|keras|npz|bin)$/,
    kind: 'list',
    maxBytes: Number.POSITIVE_INFINITY,
  },
  // MLflow's file store has a file per metric, named like the metric.
  { pattern: /(^|\/)(metrics|params|tags)\/[^/.]+$/, kind: 'append', maxBytes: 64 * mega },
];

/** What the host is asked to watch. */
export const interestingFiles = rules.map(({ pattern }) => `(?:${pattern.source.replaceAll('\\/', '/')})`).join('|');

/** The rule for a path below a run's folder over there; undefined for a file that stays there. */
export function mirrorRule(path: string): { readonly kind: MirrorKind; readonly maxBytes: number } | undefined {
  const lastTwo = `/${path}`.split('/').slice(-2).join('/');
  return rules.find(({ pattern }) => pattern.test(lastTwo));
}
