/**
 * What names say of a column or key. Ranks: the lower, the better a name tells the step. Names were collected from the loggers themselves: Lightning and
 * Keras CSVLogger, OpenAI baselines and Stable-Baselines3, RLlib, Spinning Up, Detectron2, MMEngine, fairseq, LLaMA-Factory, W&B and TensorBoard exports.
 */
const stepNames: readonly (readonly string[])[] = [
  [
    'step',
    'global_step',
    '_step',
    'trainer/global_step',
    'steps',
    'current_steps',
    'train_step',
    'training_step',
    'num_steps',
  ],
  [
    'iteration',
    'iter',
    'iterations',
    'it',
    'itr',
    'n_iter',
    'training_iteration',
    'num_updates',
    'nupdates',
    'update',
    'updates',
    'n_updates',
  ],
  [
    'time/total_timesteps',
    'total_timesteps',
    'total/steps',
    'timesteps_total',
    'misc/total_timesteps',
    'num_env_steps_sampled',
    'total_env_steps',
    'totalenvinteracts',
    'env_steps',
    'timesteps',
    'timestep',
    'frames',
    'frame',
    'samples',
  ],
  ['epoch', 'epochs', 'current_epoch', 'train/epoch', 'episode', 'episodes', 'round'],
];

const rankByName: ReadonlyMap<string, number> = new Map(
  stepNames.flatMap((names, rank) => names.map((name) => [name, rank] as const)),
);

/** Ranks of mere counters: a series of such a name would only repeat the steps that were taken from it. */
const counterRanks = 2;

const timeNames: ReadonlySet<string> = new Set([
  '_timestamp',
  'timestamp',
  'time',
  'ts',
  'wall_time',
  'walltime',
  'datetime',
  'date',
  'created_at',
]);

/** How well a name tells the step: 0 is best; undefined for a name that tells none. */
export function stepRank(name: string): number | undefined {
  return rankByName.get(plain(name));
}

/** Whether a series of the name that gave the steps is left out, since it would say nothing. An epoch is kept: people plot against it. */
export function isCounter(rank: number): boolean {
  return rank < counterRanks;
}

export function isTimeName(name: string): boolean {
  return timeNames.has(plain(name));
}

/** Seconds since 1970 between 2001 and 2100, given in seconds or milliseconds; undefined for another number, such as seconds since the start. */
export function wallTimeOf(value: number): number | undefined {
  if (value > 1e9 && value < 4.1e9) return value;
  return value > 1e12 && value < 4.1e12 ? value / 1000 : undefined;
}

/** Seconds since 1970 of a date as programs print it; undefined for another text. A date without a zone is local, as its writer meant it. */
export function wallTimeOfText(text: string): number | undefined {
  if (!/^\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d/.test(text)) return undefined;
  const milliseconds = Date.parse(
    text
      .replace(/^(\d{4})\/(\d\d)\/(\d\d)/, '$1-$2-$3')
      .replace(' ', 'T')
      .replace(/,(\d+)$/, '.$1'),
  );
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000;
}

const words: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['-nan', Number.NaN],
  ['+nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** The number that a word means: NaN and the infinities, as Python, C and JavaScript write them. */
export function numberOfWord(text: string): number | undefined {
  return text.length > 9 ? undefined : words.get(text.toLowerCase());
}

function plain(name: string): string {
  return name.trim().toLowerCase().replaceAll(' ', '_');
}
