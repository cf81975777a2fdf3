/** Words of which names of training logs are made. A name of other words beside these is a log too, but one of a run that it names itself. */
const logWords = [
  'log',
  'logs',
  'metric',
  'metrics',
  'history',
  'progress',
  'loss',
  'losses',
  'scalars',
  'curve',
  'curves',
];
const trainWords = ['train', 'training', 'trainer'];
const otherParts = ['val', 'valid', 'validation', 'test', 'eval', 'evaluation'];
const lone = new Set(['training', 'history', 'progress', 'metrics', 'log', 'logs', 'scalars', 'losses']);

/** `folder`: the folder that a log of this name lies in is the run. `file`: the file is one of several, maybe, and names its run. */
export type LogName = 'folder' | 'file' | undefined;

/** What a file's name, without its ending, says: "train_log" and "metrics" are logs of their folder, "resnet50_history" is one of its own. */
export function logName(stem: string): LogName {
  const words = stem.toLowerCase().split(/[-_. ]+/);
  const known = words.filter((word) => logWords.includes(word));
  if (known.length === 0) return words.length === 1 && lone.has(words[0]!) ? 'folder' : undefined;
  const others = words.filter((word) => !logWords.includes(word) && !trainWords.includes(word));
  if (others.length === 0) return 'folder';
  // "val_log" mostly lies beside a "train_log", with columns of the same names.
  if (others.every((word) => otherParts.includes(word))) return 'file';
  // Other words come before: "loss_functions" and "log_2024_users" are no logs.
  return logWords.includes(words.at(-1)!) ? 'file' : undefined;
}
